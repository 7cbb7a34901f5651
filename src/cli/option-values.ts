import { InvalidArgumentError } from 'commander';
import {
  INPUT_KINDS,
  type InputKind,
  TEMPLATE_POLICIES,
  type TemplatePolicy,
} from '../domain/change-policy.ts';
import { DATABASE_TYPES, type DatabaseType } from '../domain/database.ts';
import { DECISIONS, type Decision } from '../domain/statement.ts';

/** How values are written on the command line. Each throws commander's InvalidArgumentError, which then names the option. */

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A TCP port. */
export function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65535) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
  }
  return port;
}

/** A whole number of 1 or more. */
export function readCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be 1 or more.');
  return Number(text);
}

/** `first-last`, both ports included. */
export function readPortRange(text: string): { first: number; last: number } {
  const [first = '', last = '', ...rest] = text.split('-');
  if (rest.length > 0) throw new InvalidArgumentError('It must be two ports, such as 20000-29999.');
  return { first: readPort(first), last: readPort(last) };
}

/** A duration such as `90m`, `24h` or `7d`, in seconds. */
export function readSeconds(text: string): number {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a number and s, m, h or d, such as 24h.');
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** A day such as `2026-01-31`, or a moment of it such as `2026-01-31T12:00:00Z`, in UTC milliseconds. */
export function readMoment(text: string): number {
  const moment = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw new InvalidArgumentError('It must be a day, such as 2026-01-31.');
  return moment;
}

/** A fingerprint as people read it out: hex digits, maybe in groups. */
export function readFingerprint(text: string): string {
  const digits = text.replace(/[ :-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) throw new InvalidArgumentError('It must be 64 hex digits.');
  return digits;
}

/** Values with commas between. */
export function readList(text: string): string[] {
  return text
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

/** Addresses or CIDR blocks with commas between. None would mean any, and is an empty variable. */
export function readAddresses(text: string): string[] {
  const addresses = readList(text);
  if (addresses.length === 0) throw new InvalidArgumentError('It must hold an address.');
  return addresses;
}

/** Ports with commas between. */
export function readPorts(text: string): number[] {
  return readList(text).map(readPort);
}

export function readDatabaseType(text: string): DatabaseType {
  return oneOf(DATABASE_TYPES, text);
}

/** `host:port`, `[ipv6]:port`, or the path of a Unix socket. */
export function readDatabasePlace(
  text: string,
): { host: string; port: number } | { socket: string } {
  if (text.startsWith('/')) return { socket: text };
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be host:port, or the path of a Unix socket.');
  return { host: (match[1] ?? match[2]) as string, port: readPort(match[3] as string) };
}

/** A decision of a reviewer. */
export function readDecision(text: string): Decision {
  return oneOf(DECISIONS, text);
}

/** What of templates waits for reviewers. */
export function readTemplatePolicy(text: string): TemplatePolicy {
  return oneOf(TEMPLATE_POLICIES, text);
}

/** Kinds of values that wait for reviewers, with commas between. */
export function readInputKinds(text: string): InputKind[] {
  return readList(text).map((kind) => oneOf(INPUT_KINDS, kind));
}

function oneOf<Known extends string>(known: readonly Known[], text: string): Known {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new InvalidArgumentError(`It must be one of ${known.join(', ')}.`);
  return found;
}
