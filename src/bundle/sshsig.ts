import { hash, sign } from 'node:crypto';
import { Problem } from '../domain/problem.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import { isSignatureBy } from '../domain/ssh-signature.ts';
import { WireReader } from '../domain/wire-reader.ts';
import { wireString } from '../domain/wire-string.ts';
import { armor, dearmor } from './armor.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * Signatures as `ssh-keygen -Y sign` makes and `ssh-keygen -Y verify` checks them (OpenSSH
 * PROTOCOL.sshsig), pinned to version 1.
 */

/** What the vendor signs: artifacts, lists of artifacts, and nothing else. */
export const ARTIFACT_NAMESPACE = 'culvert-artifact-v1';

const MAGIC = Buffer.from('SSHSIG');
const VERSION = 1;
const HASHES = ['sha256', 'sha512'] as const;
type Hash = (typeof HASHES)[number];

/** A signature that was read, and says nothing yet about the bytes that it is over. */
export interface Sshsig {
  key: PublicKey;
  namespace: string;
  hash: Hash;
  /** In SSH's form (RFC 4253, section 6.6). */
  signature: Buffer;
}

/** Signs bytes for a namespace. The same bytes and key give the same signature. */
export function signBytes(key: SigningKey, namespace: string, bytes: Buffer): string {
  return signDigest(key, namespace, hash('sha512', bytes, 'buffer'));
}

/** The same for bytes of which only the SHA-512 is at hand: those of a stream. */
export function signDigest(
  { privateKey, publicKey }: SigningKey,
  namespace: string,
  sha512: Buffer,
): string {
  const value = sign(null, signedPart(namespace, 'sha512', sha512), privateKey);
  const version = Buffer.alloc(4);
  version.writeUInt32BE(VERSION);
  const blob = Buffer.concat([
    MAGIC,
    version,
    wireString(Buffer.from(publicKey.blob, 'base64')),
    wireString(namespace),
    wireString(''), // reserved
    wireString('sha512'),
    wireString(Buffer.concat([wireString('ssh-ed25519'), wireString(value)])),
  ]);
  return armor(blob);
}

/** Reads a signature and accounts for every byte of it. Throws `signature-malformed`. */
export function readSshsig(text: string, field = 'signature'): Sshsig {
  const blob = dearmor(text, field);
  try {
    return readBlob(blob);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof Problem)) throw error;
    throw new Problem('signature-malformed', `${field}: ${error.message}`, {
      field,
      next: 'Sign anew with ssh-keygen -Y sign, and give the whole file that it writes.',
    });
  }
}

/** Whether the signature is by its own key over these bytes. */
export function isOver({ key, namespace, hash: name, signature }: Sshsig, bytes: Buffer): boolean {
  const signed = signedPart(namespace, name, hash(name, bytes, 'buffer'));
  try {
    return isSignatureBy(key, signed, signature);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function readBlob(blob: Buffer): Sshsig {
  if (!blob.subarray(0, MAGIC.length).equals(MAGIC)) throw new RangeError('is no SSHSIG');
  const reader = new WireReader(blob);
  reader.skip(MAGIC.length);
  if (reader.uint32() !== VERSION) throw new RangeError(`is not of version ${VERSION}`);
  const key = readKey(reader.string());
  const namespace = reader.text();
  if (reader.string().length > 0) throw new RangeError('holds something reserved');
  const name = reader.text();
  const known = HASHES.find((candidate) => candidate === name);
  if (known === undefined) throw new RangeError('is over another hash than SHA-256 or SHA-512');
  const signature = reader.string();
  if (!reader.atEnd()) throw new RangeError('has trailing bytes');
  return { key, namespace, hash: known, signature };
}

/** Throws the problems of `parsePublicKey`. */
function readKey(blob: Buffer): PublicKey {
  const type = new WireReader(blob).text();
  return parsePublicKey(`${type} ${blob.toString('base64')}`);
}

/** PROTOCOL.sshsig, "Signed Data". */
function signedPart(namespace: string, name: Hash, digest: Buffer): Buffer {
  return Buffer.concat([MAGIC, ...[namespace, '', name, digest].map(wireString)]);
}
