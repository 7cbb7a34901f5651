import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { Problem } from '../domain/problem.ts';
import { type PublicKey, parsePublicKey } from '../domain/public-key.ts';
import { wireString } from '../domain/wire-string.ts';

/** An Ed25519 key that signs. */
export interface SigningKey {
  privateKey: KeyObject;
  publicKey: PublicKey;
}

/** Makes an Ed25519 signing key; gives its private half as PKCS#8 in PEM, which is to stay secret. */
export function createSigningKey(): { pem: string; key: SigningKey } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { pem, key: signingKeyOf(privateKey) };
}

/**
 * Reads an Ed25519 private key in PEM, PKCS#8 (RFC 5958, RFC 8410). Throws a `value-invalid` problem
 * that starts with `name` and never repeats the text.
 */
export function readSigningKey(pem: string, name: string): SigningKey {
  const privateKey = readPrivateKey(pem);
  if (privateKey?.asymmetricKeyType !== 'ed25519') {
    throw new Problem('value-invalid', `${name}: is not an Ed25519 private key in PEM (PKCS#8)`, {
      field: name,
      next: 'Make one: culvert signing-key create',
    });
  }
  return signingKeyOf(privateKey);
}

function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  return { privateKey, publicKey: sshPublicKey(createPublicKey(privateKey)) };
}

/** RFC 8709, section 4. */
function sshPublicKey(key: KeyObject): PublicKey {
  const { x = '' } = key.export({ format: 'jwk' });
  const blob = [wireString('ssh-ed25519'), wireString(Buffer.from(x, 'base64url'))];
  return parsePublicKey(`ssh-ed25519 ${Buffer.concat(blob).toString('base64')}`);
}
