import { X509Certificate } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { Problem } from './problem.ts';

/**
 * The grammar of every value that later passes through a shell, ssh, systemd or HTML.
 * Each check returns the value it was given, or throws a `value-invalid` problem that names the field.
 */

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const SLUG = /^[a-z0-9][a-z0-9-]{0,30}$/;
const LOGIN = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
// One letter less than a login: systemd warns of a unit whose user has a longer name than 31.
const SERVICE_NAME = /^[a-z][a-z0-9_-]{0,30}$/;
const SOCKET_PATH = /^\/[A-Za-z0-9._/-]{1,103}$/;
const PEM_CERTIFICATE =
  /-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----\n/g;
const FORBIDDEN_IN_TEXT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;

function refuse(field: string, expected: string): never {
  throw new Problem('value-invalid', `${field}: ${expected}`, {
    field,
    next: `Correct ${field} and send the request again.`,
  });
}

/** A name of machines: lower-case letters, digits and hyphens, at most 31, no hyphen in front. */
export function checkSlug(field: string, value: string): string {
  if (!SLUG.test(value)) {
    refuse(field, 'must be 1 to 31 of a-z, 0-9 and hyphen, and not start with a hyphen');
  }
  return value;
}

/** A login name of a tunnel server; people's own, as in quickstart, may hold dots and capitals. */
export function checkLogin(field: string, value: string): string {
  if (!LOGIN.test(value)) refuse(field, 'must be a login name of at most 32 letters and digits');
  return value;
}

/** The service's name on proxies: it names a unit, folders, and a user that `useradd` must take. */
export function checkServiceName(field: string, value: string): string {
  if (!SERVICE_NAME.test(value)) {
    refuse(field, 'must be at most 31 of a-z, 0-9, hyphen and underscore, a letter in front');
  }
  return value;
}

/** A TCP port, 1 to 65535. */
export function checkPort(field: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    refuse(field, 'must be a whole number from 1 to 65535');
  }
  return value;
}

/**
 * An ASCII host name (letters, digits, hyphens) or an IP literal without brackets or zone.
 * A name whose last label is a number is refused: resolvers read `2852039166` or `0xa9fea9fe` as
 * an IPv4 address (inet_aton(3)), which would slip past the check of link-local addresses.
 */
export function checkHost(field: string, value: string): string {
  if (isIPv4(value) || (isIPv6(value) && !value.includes('%'))) return value;
  const labels = value.split('.');
  const isName =
    value.length <= 253 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '');
  if (!isName)
    refuse(field, 'must be a host name of letters, digits and hyphens, or an IP address');
  return value;
}

/**
 * An address of the tunnel server that tunnel ports may listen on: IPv4, because its sshd speaks
 * nothing else, and not the wildcard, which would open every customer's database to every host.
 */
export function checkBindAddress(field: string, value: string): string {
  if (!isIPv4(value) || value === '0.0.0.0') {
    refuse(field, 'must be one IPv4 address of the tunnel server, such as 127.0.0.1');
  }
  return value;
}

/** Any IPv4 address, such as 0.0.0.0 for all of them: what a tunnel server's sshd listens on. */
export function checkIpv4Address(field: string, value: string): string {
  if (!isIPv4(value)) refuse(field, 'must be an IPv4 address');
  return value;
}

/** A host that a database may have: not a cloud's metadata service, nothing link-local. */
export function checkDatabaseHost(field: string, value: string): string {
  checkHost(field, value);
  if (isLinkLocal(value)) {
    refuse(field, 'link-local and metadata addresses are never a database');
  }
  return value;
}

/** An absolute path of a Unix socket, at most 104 bytes (`sun_path` is 108 on Linux). */
export function checkSocketPath(field: string, value: string): string {
  if (!SOCKET_PATH.test(value) || value.includes('//') || value.split('/').includes('..')) {
    refuse(field, 'must be an absolute path of letters, digits, dot, hyphen and underscore');
  }
  return value;
}

/**
 * Free text for people, at most `maxBytes` of UTF-8. Control and invisible format characters are
 * refused, so that a name cannot reorder the text around it (CVE-2021-42574, "Trojan Source").
 */
export function checkText(field: string, value: string, maxBytes = 120): string {
  if (value.trim() === '') refuse(field, 'must not be empty');
  if (FORBIDDEN_IN_TEXT.test(value)) refuse(field, 'must not hold control or invisible characters');
  if (value !== value.normalize('NFC')) refuse(field, 'must be in Unicode normal form C');
  if (Buffer.byteLength(value) > maxBytes) refuse(field, `must be at most ${maxBytes} bytes long`);
  return value;
}

/** The base of every URL that Culvert prints: http or https, no query, no fragment, no user. */
export function checkPublicUrl(field: string, value: string): string {
  const pattern = /^https?:\/\/[A-Za-z0-9.:[\]-]+(\/[A-Za-z0-9._~-]+)*$/;
  const climbs = value.split('/').some((part) => part === '.' || part === '..');
  if (!pattern.test(value) || climbs || !URL.canParse(value)) {
    refuse(field, 'must be an http or https address with neither query nor slash at the end');
  }
  return value;
}

/** Certificates in PEM, one after the other, and no other text around them. */
export function checkCertificates(field: string, value: string): string {
  const blocks = value.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0 || blocks.join('') !== value || !blocks.every(isCertificate)) {
    refuse(field, 'must be certificates in PEM, each from BEGIN to END CERTIFICATE');
  }
  return value;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function isLinkLocal(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('169.254.');
  if (!isIPv6(host)) return /^metadata\.google\.internal\.?$/i.test(host);
  const address = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  // The URL parser writes ::ffff:169.254.x.y as ::ffff:a9fe:…. The other prefixes embed IPv4 too:
  // ::ffff:0: (RFC 2765), 64:ff9b:: (NAT64, RFC 6052).
  const embedsLinkLocal = /^(::|::ffff:|::ffff:0:|64:ff9b::)a9fe:/.test(address);
  const isMetadata = address === 'fd00:ec2::254' || address === 'fd20:ce::254'; // AWS, Google
  return /^fe[89ab]/.test(address) || embedsLinkLocal || isMetadata;
}
