import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ARTIFACT_NAMESPACE,
  createSigningKey,
  formatAllowedSigner,
  parseAllowedSigners,
  signBytes,
  verifySignature,
} from '../../src/bundle/index.ts';
import type { PublicKey } from '../../src/domain/public-key.ts';
import { type KeyPair, makeKeyPair, publicKeyOf } from '../domain/ssh-keygen.ts';
import { wireString } from '../domain/wire.ts';
import { acceptedByStock, flipped, signByStock } from '../support/stock-signatures.ts';

const MESSAGE = Buffer.from('0123  install.sh\n4567  VERIFY.md\n');
const { key: ours } = createSigningKey();

/** Every kind of key that can sign, and how stock tools sign with it. */
const KINDS: Record<string, { pair: KeyPair; options?: string[] }> = {
  ed25519: { pair: makeKeyPair('ed25519') },
  'ed25519, SHA-256': { pair: makeKeyPair('ed25519'), options: ['-O', 'hashalg=sha256'] },
  'ecdsa-p256': { pair: makeKeyPair('ecdsa', 256) },
  'ecdsa-p384': { pair: makeKeyPair('ecdsa', 384) },
  'ecdsa-p521': { pair: makeKeyPair('ecdsa', 521) },
  'rsa-2048': { pair: makeKeyPair('rsa', 2048) },
  'rsa-3072': { pair: makeKeyPair('rsa', 3072) },
};
const stranger = makeKeyPair('ed25519');

const signersOf = (key: PublicKey) => formatAllowedSigner('acme', ARTIFACT_NAMESPACE, key);

function verify(signature: string, message: Buffer, signers: string, principal = 'acme') {
  return verifySignature(signature, message, {
    namespace: ARTIFACT_NAMESPACE,
    principal,
    signers: parseAllowedSigners(signers, 'signers'),
    at: Date.now(),
  });
}

function refuses(code: 'signature-invalid' | 'signature-malformed', why: RegExp, work: () => void) {
  assert.throws(work, { name: 'Problem', code, field: 'signature', message: why });
}

/** Refused, whatever the reason. */
const REFUSED = { name: 'Problem', code: /^signature-(invalid|malformed)$/ };

for (const [kind, { pair, options = [] }] of Object.entries(KINDS)) {
  const key = publicKeyOf(pair);
  const signature = signByStock(pair, ARTIFACT_NAMESPACE, MESSAGE, ...options);

  test(`${kind}: what ssh-keygen signs is accepted, and counts by its line`, () => {
    const counted = verify(signature, MESSAGE, signersOf(key));
    assert.equal(counted.key.blob, key.blob);
    verify(signature.replaceAll('\n', '\r\n'), MESSAGE, signersOf(key));
  });

  test(`${kind}: one flipped bit in signature or message is refused`, () => {
    const [, base64 = ''] = /-----\n([^-]*)\n-----/.exec(signature) ?? [];
    for (const changed of flipped(Buffer.from(base64, 'base64'))) {
      assert.throws(() => verify(armored(changed), MESSAGE, signersOf(key)), REFUSED);
    }
    for (const changed of flipped(MESSAGE)) {
      refuses('signature-invalid', /over other bytes/, () =>
        verify(signature, changed, signersOf(key)),
      );
    }
  });

  test(`${kind}: cut anywhere, or with bytes behind it, is refused`, () => {
    const [, base64 = ''] = /-----\n([^-]*)\n-----/.exec(signature) ?? [];
    const blob = Buffer.from(base64, 'base64');
    for (const length of blob.keys()) {
      assert.throws(
        () => verify(armored(blob.subarray(0, length)), MESSAGE, signersOf(key)),
        REFUSED,
      );
    }
    const longer = armored(Buffer.concat([blob, Buffer.from([0])]));
    refuses('signature-malformed', /trailing/, () => verify(longer, MESSAGE, signersOf(key)));
  });

  test(`${kind}: for another namespace, by another key, for another name: refused`, () => {
    const other = signByStock(pair, 'culvert-approval-v1', MESSAGE, ...options);
    refuses('signature-invalid', /made for "culvert-approval-v1"/, () =>
      verify(other, MESSAGE, signersOf(key)),
    );
    refuses('signature-invalid', /not listed for acme/, () =>
      verify(signature, MESSAGE, signersOf(publicKeyOf(stranger))),
    );
    refuses('signature-invalid', /not listed for globex/, () =>
      verify(signature, MESSAGE, signersOf(key), 'globex'),
    );
    const approver = formatAllowedSigner('acme', 'culvert-approval-v1', key);
    refuses('signature-invalid', /may not sign culvert-artifact-v1/, () =>
      verify(signature, MESSAGE, approver),
    );
  });
}

test('what we sign, ssh-keygen accepts, and so do we; the same each time', () => {
  const signature = signBytes(ours, ARTIFACT_NAMESPACE, MESSAGE);
  assert.equal(signBytes(ours, ARTIFACT_NAMESPACE, MESSAGE), signature);
  verify(signature, MESSAGE, signersOf(ours.publicKey));
  const cases = [{ signature, message: MESSAGE }];
  const signers = signersOf(ours.publicKey);
  assert.deepEqual(acceptedByStock(signers, 'acme', ARTIFACT_NAMESPACE, cases), [0]);
  // Each must matter to stock tools, too.
  assert.deepEqual(acceptedByStock(signers, 'acme', 'culvert-approval-v1', cases), []);
  assert.deepEqual(acceptedByStock(signers, 'globex', ARTIFACT_NAMESPACE, cases), []);
  const strangers = signersOf(publicKeyOf(stranger));
  assert.deepEqual(acceptedByStock(strangers, 'acme', ARTIFACT_NAMESPACE, cases), []);
});

test('ssh-keygen refuses one flipped bit anywhere in what we signed, and so do we', () => {
  const signature = Buffer.from(signBytes(ours, ARTIFACT_NAMESPACE, MESSAGE));
  const signers = signersOf(ours.publicKey);
  // Behind its last line stock tools read nothing.
  const read = signature.subarray(0, -1);
  const cases = [
    ...[...flipped(read)].map((changed) => ({
      signature: Buffer.concat([changed, Buffer.from('\n')]),
      message: MESSAGE,
    })),
    ...[...flipped(MESSAGE)].map((message) => ({ signature, message })),
  ];
  assert.deepEqual(acceptedByStock(signers, 'acme', ARTIFACT_NAMESPACE, cases), []);
  for (const changed of flipped(signature)) {
    assert.throws(() => verify(changed.toString('latin1'), MESSAGE, signers), REFUSED);
  }
});

test('anything else that is pasted is named', () => {
  const good = signBytes(ours, ARTIFACT_NAMESPACE, MESSAGE);
  const pgp = '-----BEGIN PGP SIGNATURE-----\n\niQEzBAAB\n-----END PGP SIGNATURE-----\n';
  const { pem } = createSigningKey();
  for (const [text, why] of [
    [pgp, /of PGP, not of OpenSSH/],
    [`-----BEGIN PGP SIGNED MESSAGE-----\nhello\n${pgp}`, /of PGP/],
    [pem, /private key: treat it as lost/],
    [stranger.line, /not a signature of OpenSSH/],
    ['', /not a signature/],
    [good.slice(0, -30), /not a signature/],
    [` ${good}`, /not a signature/],
    [`${good}\n`, /not a signature/],
    [good + good, /not a signature/],
    [good.replace('\n-----END', '=\n-----END'), /not a signature/],
    ['x'.repeat(5 * 1024 * 1024), /at most 16384 characters/],
    [armored(Buffer.from('SSHSIX')), /no SSHSIG/],
    [armored(sshsig({ version: 2 })), /not of version 1/],
    [armored(sshsig({ reserved: 'x' })), /something reserved/],
    [armored(sshsig({ hash: 'sha1' })), /another hash/],
  ] as const) {
    refuses('signature-malformed', why, () => verify(text, MESSAGE, signersOf(ours.publicKey)));
  }
});

test('RSA with SHA-1 does not count', () => {
  const key = publicKeyOf((KINDS['rsa-2048'] as { pair: KeyPair }).pair);
  const value = Buffer.concat([wireString('ssh-rsa'), wireString(Buffer.alloc(256))]);
  const text = armored(sshsig({ blob: Buffer.from(key.blob, 'base64'), value }));
  refuses('signature-invalid', /over other bytes/, () => verify(text, MESSAGE, signersOf(key)));
});

/** A signature made by hand, with one part of it wrong. */
function sshsig({
  version = 1,
  reserved = '',
  hash = 'sha512',
  blob = Buffer.from(ours.publicKey.blob, 'base64'),
  value = Buffer.alloc(0),
}): Buffer {
  return Buffer.concat([
    Buffer.from('SSHSIG'),
    Buffer.from([0, 0, 0, version]),
    ...[blob, ARTIFACT_NAMESPACE, reserved, hash, value].map(wireString),
  ]);
}

function armored(blob: Buffer): string {
  return `-----BEGIN SSH SIGNATURE-----\n${blob.toString('base64')}\n-----END SSH SIGNATURE-----\n`;
}
