import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { KeyType, PublicKey } from './public-key.ts';
import { WireReader } from './wire-reader.ts';

/** What belongs to each curve: its name for Node, the length of a coordinate in bytes, the hash of its signatures (RFC 5656, section 6.2.1). */
const CURVES = {
  'ecdsa-sha2-nistp256': { crv: 'P-256', length: 32, hash: 'sha256' },
  'ecdsa-sha2-nistp384': { crv: 'P-384', length: 48, hash: 'sha384' },
  'ecdsa-sha2-nistp521': { crv: 'P-521', length: 66, hash: 'sha512' },
} as const satisfies Partial<Record<KeyType, object>>;

type Curve = (typeof CURVES)[keyof typeof CURVES];

/**
 * Whether `signature`, in SSH's form `string algorithm, string value` (RFC 4253, section 6.6), is by
 * that key over these bytes. RSA counts with SHA-2 alone (RFC 8332). Every byte is accounted for:
 * throws a RangeError when it is cut, goes on, or is otherwise no signature at all.
 */
export function isSignatureBy(signer: PublicKey, signed: Buffer, signature: Buffer): boolean {
  const reader = new WireReader(signature);
  const algorithm = reader.text();
  const value = reader.string();
  if (!reader.atEnd()) throw new RangeError('trailing bytes behind a signature');
  const key = nodeKey(signer);
  if (signer.type === 'ssh-rsa') {
    const [, bits] = /^rsa-sha2-(256|512)$/.exec(algorithm) ?? [];
    return bits !== undefined && verify(`sha${bits}`, signed, key, value);
  }
  if (algorithm !== signer.type) return false;
  if (signer.type === 'ssh-ed25519') {
    return value.length === 64 && verify(null, signed, key, value);
  }
  const curve = CURVES[signer.type];
  const pair = joinPair(value, curve);
  return verify(curve.hash, signed, { key, dsaEncoding: 'ieee-p1363' }, pair);
}

/** Two mpints (RFC 5656, section 3.1.2) as the fixed-width pair that Node verifies. */
function joinPair(value: Buffer, { length }: Curve): Buffer {
  const reader = new WireReader(value);
  const pair = Buffer.concat([fixed(reader.string(), length), fixed(reader.string(), length)]);
  if (!reader.atEnd()) throw new RangeError('trailing bytes in a signature');
  return pair;
}

/** A positive mpint in its one right form (RFC 4251, section 5), as exactly `length` bytes. */
function fixed(mpint: Buffer, length: number): Buffer {
  const [first = 0, second = 0] = mpint;
  if (first >= 0x80 || (first === 0 && second < 0x80)) throw new RangeError('not a positive mpint');
  const digits = first === 0 ? mpint.subarray(1) : mpint;
  if (digits.length > length) throw new RangeError('number too large for its curve');
  return Buffer.concat([Buffer.alloc(length - digits.length), digits]);
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
  if (type === 'ssh-rsa') {
    const e = base64url(reader.string());
    const n = reader.string();
    return { kty: 'RSA', e, n: base64url(n[0] === 0 ? n.subarray(1) : n) };
  }
  reader.string(); // curve
  const point = reader.string(); // 04, x, y
  const { crv, length } = CURVES[type];
  return {
    kty: 'EC',
    crv,
    x: base64url(point.subarray(1, 1 + length)),
    y: base64url(point.subarray(1 + length)),
  };
}
