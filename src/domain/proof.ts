import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { Problem } from './problem.ts';
import type { PublicKey } from './public-key.ts';
import { WireReader } from './wire-reader.ts';

/**
 * Proof of possession: an OpenSSH certificate used as a signature, made by
 * `ssh-keygen -s KEY -I '<statement>' -n culvert-proof -O clear KEY.pub`. Every OpenSSH since 5.6
 * can make one, whereas `ssh-keygen -Y sign` needs 8.1 (RHEL 8 and Server 2019 ship older ones).
 * Certificate form: OpenSSH PROTOCOL.certkeys. Serial, nonce and validity are ignored: a statement
 * names keys that never return once removed, so a replay does nothing.
 */

const PRINCIPAL = 'culvert-proof';
const MAX_LINE = 4096;
const MAX_STATEMENT = 512;
const USER_CERTIFICATE = 1;

export interface ProofExpectation {
  /** The exact key id that the certificate must carry. */
  statement: string;
  /** The key that the certificate is about. */
  subject: PublicKey;
  /** The key that must have signed it. */
  signer: PublicKey;
}

/** The statement by which a proxy enrols a key with a token. */
export function enrolStatement(tunnel: string, slot: number, tokenId: string): string {
  return `culvert-enrol-v1 ${tunnel} ${slot} ${tokenId}`;
}

/** The statement by which a slot's key takes a new one in; both keys sign it. */
export function addKeyStatement(
  tunnel: string,
  slot: number,
  oldHex: string,
  newHex: string,
): string {
  return `culvert-key-v1 add ${tunnel} ${slot} ${oldHex} ${newHex}`;
}

/** The statement by which a slot's active key removes one of its keys. */
export function removeKeyStatement(tunnel: string, slot: number, targetHex: string): string {
  return `culvert-key-v1 remove ${tunnel} ${slot} ${targetHex}`;
}

/**
 * Accepts a proof or throws `proof-missing` or `proof-invalid` naming `field`. Nothing of the
 * certificate is interpreted: each part must equal what is expected, byte for byte.
 */
export function verifyProof(
  line: string | undefined,
  expected: ProofExpectation,
  field = 'proof',
): void {
  if (line === undefined || line === '') {
    throw new Problem('proof-missing', 'the request does not prove that you hold the private key', {
      field,
      next: 'Run the installer: it makes the proof with ssh-keygen.',
    });
  }
  let accepted: boolean;
  try {
    accepted = line.length <= MAX_LINE && isProof(line.replace(/\r?\n$/, ''), expected);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    accepted = false;
  }
  if (!accepted) {
    throw new Problem(
      'proof-invalid',
      'the proof is not a signature by that key over this request',
      {
        field,
        next: 'Run the installer again; if it repeats, the key files on the proxy are damaged.',
      },
    );
  }
}

function isProof(line: string, { statement, subject, signer }: ProofExpectation): boolean {
  const parts = line.split(' ');
  const [type, base64] = parts;
  if (parts.length < 2 || type === undefined || base64 === undefined) return false;
  if (type !== certificateType(subject) || statement.length > MAX_STATEMENT) return false;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) return false;

  const reader = new WireReader(bytes);
  if (reader.text() !== type) return false;
  reader.string(); // nonce
  const keyStart = reader.offset;
  const subjectParts = new WireReader(Buffer.from(subject.blob, 'base64'));
  subjectParts.string(); // type
  reader.skip(subjectParts.rest().length);
  if (!bytes.subarray(keyStart, reader.offset).equals(subjectParts.rest())) return false;
  reader.uint64(); // serial
  if (reader.uint32() !== USER_CERTIFICATE) return false;
  if (reader.text() !== statement) return false;
  const principals = new WireReader(reader.string());
  if (principals.text() !== PRINCIPAL || !principals.atEnd()) return false;
  reader.uint64(); // valid after
  reader.uint64(); // valid before
  const criticalOptions = reader.string();
  const extensions = reader.string();
  const reserved = reader.string();
  if (criticalOptions.length + extensions.length + reserved.length > 0) return false;
  if (reader.string().toString('base64') !== signer.blob) return false;
  const signed = bytes.subarray(0, reader.offset);
  const signature = new WireReader(reader.string());
  return reader.atEnd() && isSignature(signature, signed, signer);
}

function certificateType({ type }: PublicKey): string {
  return `${type}-cert-v01@openssh.com`;
}

function isSignature(signature: WireReader, signed: Buffer, signer: PublicKey): boolean {
  const algorithm = signature.text();
  const value = signature.string();
  if (!signature.atEnd()) return false;
  const key = nodeKey(signer);
  if (signer.type === 'ssh-ed25519' && algorithm === 'ssh-ed25519') {
    return value.length === 64 && verify(null, signed, key, value);
  }
  if (signer.type === 'ecdsa-sha2-nistp256' && algorithm === signer.type) {
    return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, joinEcdsa(value));
  }
  if (signer.type === 'ssh-rsa' && /^rsa-sha2-(256|512)$/.test(algorithm)) {
    return verify(algorithm.replace('rsa-sha2-', 'sha'), signed, key, value);
  }
  return false;
}

/** Two mpints (RFC 5656, section 3.1.2) as the fixed-width pair that Node verifies. */
function joinEcdsa(value: Buffer): Buffer {
  const reader = new WireReader(value);
  const pair = Buffer.concat([fixed(reader.string()), fixed(reader.string())]);
  if (!reader.atEnd()) throw new RangeError('trailing bytes in a signature');
  return pair;
}

function fixed(mpint: Buffer): Buffer {
  const digits = mpint[0] === 0 ? mpint.subarray(1) : mpint;
  if (digits.length > 32) throw new RangeError('number too large for P-256');
  return Buffer.concat([Buffer.alloc(32 - digits.length), digits]);
}

/** The key as Node knows it. Throws a RangeError on numbers that are no key: a point off the curve. */
function nodeKey(signer: PublicKey): KeyObject {
  const jwk = jsonWebKey(signer);
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (error) {
    throw new RangeError('not a usable key', { cause: error });
  }
}

function jsonWebKey({ type, blob }: PublicKey): JsonWebKey {
  const reader = new WireReader(Buffer.from(blob, 'base64'));
  reader.string(); // type
  const base64url = (bytes: Buffer) => bytes.toString('base64url');
  if (type === 'ssh-ed25519') {
    return { kty: 'OKP', crv: 'Ed25519', x: base64url(reader.string()) };
  }
  if (type === 'ecdsa-sha2-nistp256') {
    reader.string(); // curve
    const point = reader.string(); // 04, x, y
    return {
      kty: 'EC',
      crv: 'P-256',
      x: base64url(point.subarray(1, 33)),
      y: base64url(point.subarray(33)),
    };
  }
  if (type === 'ssh-rsa') {
    const e = base64url(reader.string());
    const n = reader.string();
    return { kty: 'RSA', e, n: base64url(n[0] === 0 ? n.subarray(1) : n) };
  }
  throw new RangeError(`no proofs by ${type}`);
}
