import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { parsePublicKey } from '../../../src/domain/public-key.ts';
import { keyLine, uint32, uint64, wireString } from '../../domain/wire.ts';

/** A key pair that needs no ssh-keygen: thousands are made in a moment. */
export interface NodeKey {
  /** `type blob`. */
  publicKey: string;
  fingerprint: string;
  /** A proof as ssh-keygen makes it, about this key and signed by it. */
  prove(statement: string): string;
}

const CERTIFICATE = 'ssh-ed25519-cert-v01@openssh.com';

export function makeNodeKey(): NodeKey {
  const pair = generateKeyPairSync('ed25519');
  const raw = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const publicKey = keyLine('ssh-ed25519', raw);
  return {
    publicKey,
    fingerprint: parsePublicKey(publicKey).fingerprint,
    prove: (statement) => certificate(statement, raw, pair.privateKey),
  };
}

function certificate(statement: string, raw: Buffer, privateKey: KeyObject): string {
  const signed = Buffer.concat([
    wireString(CERTIFICATE),
    wireString(Buffer.alloc(32, 1)), // nonce
    wireString(raw),
    uint64(0n), // serial
    uint32(1), // of a user
    wireString(statement),
    wireString(wireString('culvert-proof')),
    ...[uint64(0n), uint64(2n ** 64n - 1n)], // validity
    ...['', '', ''].map(wireString), // critical options, extensions, reserved
    wireString(Buffer.concat([wireString('ssh-ed25519'), wireString(raw)])),
  ]);
  const signature = [wireString('ssh-ed25519'), wireString(sign(null, signed, privateKey))];
  const bytes = Buffer.concat([signed, wireString(Buffer.concat(signature))]);
  return `${CERTIFICATE} ${bytes.toString('base64')}`;
}
