import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkCertificates, checkHost, checkIpv4Address, checkPort } from './domain/grammar.ts';
import { Problem } from './domain/problem.ts';

/** How settings that are more than one word of the domain are written. Each throws a problem that starts with `name`. */

export interface ListenAddress {
  host: string;
  port: number;
}

/** pino's levels. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `host:port`, an IPv6 address in brackets. */
export function readListenAddress(text: string, name: string): ListenAddress {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:]+)):(\d{1,5})$/i.exec(text);
  if (!match) return refuse(name, 'must be host:port, an IPv6 address in brackets');
  const host = checkHost(name, (match[1] ?? match[2]) as string);
  return { host, port: checkPort(name, Number(match[3])) };
}

/** All that a tunnel server's sshd speaks is IPv4. */
export function readIpv4Address(text: string, name: string): string {
  return checkIpv4Address(name, text);
}

/** The form only; the engine itself says whether the place exists. Never repeats the text: it may hold a password. */
export function readStoreAddress(text: string, name: string): string {
  const known = /^sqlite:./.test(text) || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text));
  return known
    ? text
    : refuse(name, 'must be sqlite:<path> or postgres://<user>@<host>/<database>');
}

/** IP addresses and CIDR blocks with commas between. */
export function readAddressBlocks(text: string, name: string): string[] {
  const blocks = text.split(',').map((block) => block.trim());
  return blocks.filter((block) => block !== '').map((block) => checkAddressBlock(block, name));
}

export function readLogLevel(text: string, name: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  return level ?? refuse(name, `must be one of ${LOG_LEVELS.join(', ')}`);
}

/** The certificates of a PEM file; other text in it, such as openssl adds, is left out. */
export function readCertificates(file: string, name: string): string {
  const text = readTextFile(file, name);
  const certificate = /^-----BEGIN CERT.*\n(?:[^-].*\n)*-----END CERT.*$/gm;
  const blocks = text.replaceAll('\r\n', '\n').match(certificate);
  return checkCertificates(name, (blocks ?? []).map((block) => `${block}\n`).join(''));
}

/** The text of a file. */
export function readTextFile(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return refuse(name, `cannot read ${file}: ${(error as Error).message}`);
  }
}

/** The same for a secret, which only the file's owner may read. */
export function readPrivateFile(file: string, name: string): string {
  const text = readTextFile(file, name);
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const octal = mode.toString(8).padStart(4, '0');
    refuse(name, `others may read ${file} (mode ${octal}): run chmod 0600 on it`);
  }
  return text;
}

/** An https address without user and fragment. */
export function readWebhookUrl(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isFit = url?.protocol === 'https:' && url.username === '' && url.password === '';
  return isFit && url.hash === '' ? url : refuse(name, 'must be an https address, without a user');
}

/** As Standard Webhooks writes a key. Gives its bytes, and never repeats the text. */
export function readWebhookSecret(text: string, name: string): Buffer {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const isFit = bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === base64;
  return isFit ? bytes : refuse(name, 'must be whsec_ and 24 to 64 bytes in base64');
}

/** Whole seconds, up to a day. */
export function readGrace(text: string, name: string): number {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= 86_400 ? seconds : refuse(name, 'must be whole seconds, at most 86400');
}

function checkAddressBlock(block: string, name: string): string {
  const [address = '', prefix] = block.split('/', 2);
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest);
  if (family === 0 || !fits || block.split('/').length > 2) {
    refuse(name, `${JSON.stringify(block)} is neither an IP address nor a CIDR block`);
  }
  return block;
}

function refuse(name: string, expected: string): never {
  throw new Problem('value-invalid', `${name}: ${expected}`, { field: name });
}
