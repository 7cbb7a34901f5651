import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createSigningKey, readSigningKey } from '../../src/bundle/index.ts';
import { makeKeyPair } from '../domain/ssh-keygen.ts';

test('a key is read back from its PEM, and openssl knows it', () => {
  const { pem, key } = createSigningKey();
  assert.equal(readSigningKey(pem, 'key').publicKey.blob, key.publicKey.blob);
  const der = execFileSync('openssl', ['pkey', '-pubout', '-outform', 'DER'], { input: pem });
  const raw = Buffer.from(key.publicKey.blob, 'base64').subarray(-32);
  assert.ok(der.subarray(-32).equals(raw));
});

test('another kind of key is refused by its name, and never repeated', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const { line, file } = makeKeyPair('ed25519');
  for (const text of [
    rsa.export({ type: 'pkcs8', format: 'pem' }) as string,
    execFileSync('cat', [file], { encoding: 'utf8' }),
    line,
    'a secret',
    '',
  ]) {
    assert.throws(
      () => readSigningKey(text, 'CULVERT_SIGNING_KEY'),
      (error: Error) => {
        assert.match(error.message, /^CULVERT_SIGNING_KEY: is not an Ed25519 private key/);
        return text === '' || !error.message.includes(text);
      },
    );
  }
});
