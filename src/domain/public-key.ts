import { createHash } from 'node:crypto';
import sshpk from 'sshpk';
import { Problem } from './problem.ts';

export type KeyType =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'ssh-rsa';

/** An OpenSSH public key without its comment. */
export interface PublicKey {
  type: KeyType;
  /** Canonical base64 of the key's wire form (RFC 4253, section 6.6). */
  blob: string;
  /** SHA-256 of the wire form as 64 hex digits: safe in URLs and file names, unlike base64. */
  fingerprint: string;
}

const KEY_TYPES: readonly string[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
];

/** A 4,096-bit RSA key takes about 730 characters; nothing honest needs more. */
const MAX_KEY_LENGTH = 2048;
const MIN_RSA_BITS = 2048;

/**
 * Reads one line `type base64`. sshpk alone is too kind (it takes trailing bytes as a comment and
 * odd white space), so the form is checked before and the serialised key compared after.
 * Throws `key-private`, `key-malformed` or `key-weak`, naming `field`.
 */
export function parsePublicKey(text: string, field = 'public_key'): PublicKey {
  if (/PRIVATE KEY/.test(text)) {
    throw new Problem('key-private', 'that is a private key, not a public one', {
      field,
      next: 'Treat that private key as lost: make a new pair, and send the .pub file.',
    });
  }
  const parts = text.length <= MAX_KEY_LENGTH ? text.split(' ') : [];
  const [type, blob] = parts;
  if (parts.length !== 2 || type === undefined || blob === undefined) malformed(field);
  if (type === 'ssh-dss') weak(field, 'DSA keys are not accepted');
  if (!KEY_TYPES.includes(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) malformed(field);
  const key = parseWithSshpk(`${type} ${blob}`, field);
  if (key.type === 'rsa' && key.size < MIN_RSA_BITS) {
    weak(field, `RSA keys need at least ${MIN_RSA_BITS} bits; this one has ${key.size}`);
  }
  const canonical = key.toBuffer('rfc4253', {}).toString('base64');
  if (canonical !== blob) malformed(field);
  return { type: type as KeyType, blob, fingerprint: fingerprintOf(blob) };
}

/** The SHA-256 fingerprint of a base64 key blob, as 64 hex digits. */
export function fingerprintOf(blob: string): string {
  return createHash('sha256').update(Buffer.from(blob, 'base64')).digest('hex');
}

/** A fingerprint as OpenSSH prints it: `SHA256:` and base64 without padding. */
export function opensshFingerprint(hex: string): string {
  return `SHA256:${Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '')}`;
}

function parseWithSshpk(line: string, field: string): sshpk.Key {
  try {
    return sshpk.parseKey(line, 'ssh');
  } catch {
    return malformed(field);
  }
}

function malformed(field: string): never {
  throw new Problem('key-malformed', 'that is not an OpenSSH public key', {
    field,
    next: 'Send the first two words of the .pub file that ssh-keygen wrote.',
  });
}

function weak(field: string, why: string): never {
  throw new Problem('key-weak', why, {
    field,
    next: 'Make an Ed25519 key: ssh-keygen -t ed25519.',
  });
}
