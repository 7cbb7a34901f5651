import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { verifyProof } from '../../src/domain/proof.ts';
import { type PublicKey, parsePublicKey } from '../../src/domain/public-key.ts';
import { keyLine, uint32, uint64, wireString } from './wire.ts';

/**
 * Certificates that no ssh-keygen makes, rightly signed: what a hostile client could send. The
 * first test shows that the form is right, so that the others fail for their own reason.
 */

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const key = parsePublicKey(keyLine('ssh-ed25519', raw));
const statement = 'culvert-enrol-v1 tun_x 1 id';
const TYPE = 'ssh-ed25519-cert-v01@openssh.com';

const FORM = {
  type: wireString(TYPE),
  nonce: wireString(Buffer.alloc(32, 1)),
  subject: wireString(raw),
  serial: uint64(0n),
  kind: uint32(1),
  keyId: wireString(statement),
  principals: wireString(wireString('culvert-proof')),
  validity: Buffer.concat([uint64(0n), uint64(2n ** 64n - 1n)]),
  criticalOptions: wireString(''),
  extensions: wireString(''),
  reserved: wireString(''),
  signer: wireString(Buffer.from(key.blob, 'base64')),
};

function certificate(
  change: Partial<typeof FORM> = {},
  wrap = (signature: Buffer) => Buffer.concat([wireString('ssh-ed25519'), wireString(signature)]),
): string {
  const signed = Buffer.concat(Object.values({ ...FORM, ...change }));
  const bytes = Buffer.concat([signed, wireString(wrap(sign(null, signed, privateKey)))]);
  return `${TYPE} ${bytes.toString('base64')}`;
}

const refuses = (line: string, subject: PublicKey = key, signer: PublicKey = key) =>
  assert.throws(() => verifyProof(line, { statement, subject, signer }), { code: 'proof-invalid' });

test('a proof made by hand is as good as one by ssh-keygen', () => {
  verifyProof(certificate(), { statement, subject: key, signer: key });
});

for (const [what, change] of Object.entries({
  'another type inside': { type: wireString('ssh-ed25519') },
  'a longer subject': { subject: wireString(Buffer.concat([raw, Buffer.from([0])])) },
  'a host certificate': { kind: uint32(2) },
  'a kind that does not exist': { kind: uint32(0) },
  'a statement and a NUL': { keyId: wireString(`${statement}\0`) },
  'a statement in capitals': { keyId: wireString(statement.toUpperCase()) },
  'no principal': { principals: wireString('') },
  'two principals': {
    principals: wireString(Buffer.concat([wireString('culvert-proof'), wireString('root')])),
  },
  'bytes behind the principal': {
    principals: wireString(Buffer.concat([wireString('culvert-proof'), Buffer.from([0])])),
  },
  'a critical option': {
    criticalOptions: wireString(
      Buffer.concat([wireString('force-command'), wireString(wireString('id'))]),
    ),
  },
  'an extension': {
    extensions: wireString(Buffer.concat([wireString('permit-pty'), wireString('')])),
  },
  'a reserved field in use': { reserved: wireString('x') },
  'bytes behind the signer': {
    signer: wireString(Buffer.concat([Buffer.from(key.blob, 'base64'), Buffer.from([0])])),
  },
  'another signer': {
    signer: wireString(Buffer.concat([wireString('ssh-ed25519'), wireString(Buffer.alloc(32, 9))])),
  },
})) {
  test(`${what} is refused, though it is signed`, () => refuses(certificate(change)));
}

test('another form of the signature is refused', () => {
  const of = (algorithm: string, ...parts: Buffer[]) =>
    Buffer.concat([wireString(algorithm), ...parts]);
  refuses(certificate({}, (signature) => of('ssh-rsa', wireString(signature))));
  refuses(certificate({}, (signature) => of('rsa-sha2-512', wireString(signature))));
  refuses(certificate({}, (signature) => of('sk-ssh-ed25519@openssh.com', wireString(signature))));
  refuses(certificate({}, (signature) => of('ssh-ed25519', wireString(signature.subarray(1)))));
  refuses(
    certificate({}, (signature) => of('ssh-ed25519', wireString(signature), Buffer.from([0]))),
  );
  refuses(certificate({}, () => of('ssh-ed25519', wireString(Buffer.alloc(64)))));
  refuses(certificate({}, () => Buffer.alloc(0)));
});

test('a statement that is too long is refused, though it is signed', () => {
  const long = 'x'.repeat(513);
  const line = certificate({ keyId: wireString(long) });
  assert.throws(() => verifyProof(line, { statement: long, subject: key, signer: key }), {
    code: 'proof-invalid',
  });
});

test('numbers that are no key are a refusal, not an error', () => {
  const P256 = 'ecdsa-sha2-nistp256';
  const point = (head: number, size: number) =>
    Buffer.concat([Buffer.from([head]), Buffer.alloc(size, 9)]);
  const offCurve = keyLine(P256, 'nistp256', point(4, 64));
  const compressed = keyLine(P256, 'nistp256', point(2, 32));
  for (const line of [offCurve, compressed]) {
    const [type, blob] = line.split(' ') as ['ecdsa-sha2-nistp256', string];
    const strange: PublicKey = { type, blob, fingerprint: '' };
    const cert = `${P256}-cert-v01@openssh.com`;
    const parts = Buffer.from(blob, 'base64').subarray(wireString(P256).length);
    const signature = Buffer.concat([
      wireString(P256),
      wireString(Buffer.concat([wireString(Buffer.alloc(32, 1)), wireString(Buffer.alloc(32, 1))])),
    ]);
    const bytes = Buffer.concat([
      ...Object.values({
        ...FORM,
        type: wireString(cert),
        subject: parts,
        signer: wireString(Buffer.from(blob, 'base64')),
      }),
      wireString(signature),
    ]);
    refuses(`${cert} ${bytes.toString('base64')}`, strange, strange);
  }
});
