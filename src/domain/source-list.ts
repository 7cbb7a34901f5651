import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { Type } from 'typebox';
import { Problem } from './problem.ts';

/** So many that a key's line stays far below what agents and sshd take, also with the longest key. */
const MAX_SOURCES = 16;

/** Addresses that something may come from: IPv4 and IPv6 blocks, or single addresses. None: any. */
export const SourcesSchema = Type.Array(Type.String({ maxLength: 64 }), { maxItems: MAX_SOURCES });

const V4_MAPPED = 0xffffn << 32n;

/**
 * Blocks in one form each: `10.0.0.0/8`, `2001:db8::/32`, a single address as a block of one. A block
 * with bits behind its length is refused, as sshd would refuse the whole key for it. So are IPv4
 * addresses in IPv6 form: sshd and we look at the IPv4 address alone.
 */
export function checkSources(field: string, sources: string[]): string[] {
  const blocks = sources.map((source, index) => checkSource(`${field}.${index}`, source));
  return [...new Set(blocks)];
}

/**
 * The same for those that a proxy may log in from: tunnel servers listen on IPv4 alone, so that
 * IPv6 blocks and no other would lock it out.
 */
export function checkLoginSources(field: string, sources: string[]): string[] {
  const blocks = checkSources(field, sources);
  if (blocks.length > 0 && blocks.every((block) => block.includes(':'))) {
    refuse(field, 'must hold an IPv4 address: tunnel servers listen on IPv4 alone');
  }
  return blocks;
}

/**
 * Whether an address lies in one of the blocks, of which each may be a single address. An IPv4
 * address may come in its IPv6 form.
 */
export function isInside(address: string, blocks: readonly string[]): boolean {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = '', length] = block.split('/');
    list.addSubnet(network, Number(length ?? (isIPv6(network) ? 128 : 32)), family(network));
  }
  return list.check(address, family(address));
}

function checkSource(field: string, source: string): string {
  const match = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(source);
  const address = match?.[1] ?? '';
  if (!isIPv4(address) && !isIPv6(address)) refuse(field, 'must be like 10.0.0.0/8 or 192.0.2.7');
  const width = isIPv4(address) ? 32 : 128;
  const length = Number(match?.[2] ?? width);
  if (length > width) refuse(field, `must have a length of at most ${width}`);
  const bits = isIPv4(address) ? bitsOfV4(address) : bitsOfV6(address);
  if (width === 128 && bits >> 32n === V4_MAPPED >> 32n) {
    refuse(field, 'must be written as the IPv4 address that it stands for');
  }
  const behind = (1n << BigInt(width - length)) - 1n;
  if ((bits & behind) !== 0n) {
    refuse(field, `has bits behind its length; one address is ${address}/${width}`);
  }
  return `${isIPv4(address) ? address : canonicalV6(address)}/${length}`;
}

function bitsOfV4(address: string): bigint {
  return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function bitsOfV6(address: string): bigint {
  const [head = '', tail] = canonicalV6(address).split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros: string[] = Array(8 - first.length - last.length).fill('0');
  return [...first, ...zeros, ...last].reduce(
    (bits, group) => (bits << 16n) | BigInt(`0x${group}`),
    0n,
  );
}

/** Lower case, shortest, and no dots: as RFC 5952 and the URL standard write it. */
function canonicalV6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function refuse(field: string, expected: string): never {
  throw new Problem('value-invalid', `${field}: ${expected}`, {
    field,
    next: `Correct ${field} and send the request again.`,
  });
}
