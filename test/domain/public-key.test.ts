import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { opensshFingerprint, parsePublicKey } from '../../src/domain/public-key.ts';
import { makeKeyPair, sshKeygen } from './ssh-keygen.ts';
import { keyLine } from './wire.ts';

const ed25519 = makeKeyPair('ed25519');
const line = ed25519.line.split(' ').slice(0, 2).join(' ');
const [type, blob] = line.split(' ') as [string, string];

for (const [kind, bits] of [
  ['ed25519'],
  ['ecdsa', 256],
  ['ecdsa', 384],
  ['ecdsa', 521],
  ['rsa', 2048],
  ['rsa', 3072],
] as const) {
  test(`ssh-keygen's ${kind} ${bits ?? ''} is read, with the fingerprint that OpenSSH prints`, () => {
    const pair = makeKeyPair(kind, bits);
    const key = parsePublicKey(pair.line.split(' ').slice(0, 2).join(' '));
    assert.equal(`${key.type} ${key.blob} a comment`, pair.line);
    assert.match(key.fingerprint, /^[0-9a-f]{64}$/);
    const printed = sshKeygen('-l', '-f', `${pair.file}.pub`).split(' ')[1];
    assert.equal(opensshFingerprint(key.fingerprint), printed);
  });
}

test('a private key is called by its name, and to be treated as lost', () => {
  const refusal = { code: 'key-private', field: 'public_key', next: /as lost/ };
  assert.throws(() => parsePublicKey(readFileSync(ed25519.file, 'utf8')), refusal);
  for (const kind of [
    'RSA PRIVATE KEY',
    'PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'EC PRIVATE KEY',
  ]) {
    assert.throws(() => parsePublicKey(`-----BEGIN ${kind}-----\nMII`), refusal);
    assert.throws(() => parsePublicKey(`-----BEGIN ${kind}----- MII`), refusal);
  }
});

test('a private key of any length is not repeated in the refusal', () => {
  const text = readFileSync(ed25519.file, 'utf8');
  assert.throws(
    () => parsePublicKey(text),
    (error: Error) =>
      !text.split('\n').some((row) => row.length > 20 && JSON.stringify(error).includes(row)),
  );
});

test('weak keys are refused as weak', () => {
  const rsa1024 = makeKeyPair('rsa', 1024).line.split(' ').slice(0, 2).join(' ');
  assert.throws(() => parsePublicKey(rsa1024), {
    code: 'key-weak',
    message: /at least 2048.*1024/,
  });
  const number = Buffer.alloc(20, 0x11);
  const dsa = keyLine('ssh-dss', number, number, number, number);
  assert.throws(() => parsePublicKey(dsa), { code: 'key-weak', message: /DSA/ });
  // One bit less than it takes.
  const rsa2047 = keyLine('ssh-rsa', Buffer.from([1, 0, 1]), Buffer.alloc(256, 0x7f));
  assert.throws(() => parsePublicKey(rsa2047), { code: 'key-weak', message: /2047/ });
});

for (const [what, text] of Object.entries({
  nothing: '',
  'a type alone': type,
  'a blob alone': blob,
  'a comment': `${line} me@host`,
  'an empty comment': `${line} `,
  'a blank in front': ` ${line}`,
  'two blanks': `${type}  ${blob}`,
  'a tab': `${type}\t${blob}`,
  'a line feed': `${line}\n`,
  'two keys': `${line}\n${line}`,
  'options in front': `restrict,command="id" ${line}`,
  'another type in front': `ssh-rsa ${blob}`,
  'an unknown type': `ssh-foo ${blob}`,
  'a type in capitals': `SSH-ED25519 ${blob}`,
  'a security key': `sk-ssh-ed25519@openssh.com ${blob}`,
  'a certificate': `ssh-ed25519-cert-v01@openssh.com ${blob}`,
  'a trailing byte': `${type} ${Buffer.concat([Buffer.from(blob, 'base64'), Buffer.from([0])]).toString('base64')}`,
  'a missing byte': `${type} ${Buffer.from(blob, 'base64').subarray(0, -1).toString('base64')}`,
  'padding too much': `${line}=`,
  'URL-safe base64': `${type} ${blob.slice(0, -2)}-_`,
  'a blank inside the base64': `${type} ${blob.slice(0, 20)} ${blob.slice(20)}`,
  'base64 that is cut': line.slice(0, -1),
  'a quote': `${line}'`,
  PEM: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----',
  'SSH2 form': `---- BEGIN SSH2 PUBLIC KEY ----\n${blob}\n---- END SSH2 PUBLIC KEY ----`,
  'Ed25519 of 31 bytes': keyLine('ssh-ed25519', Buffer.alloc(31, 7)),
  'Ed25519 of 33 bytes': keyLine('ssh-ed25519', Buffer.alloc(33, 7)),
  'another curve than its type': keyLine('ecdsa-sha2-nistp256', 'nistp384', Buffer.alloc(97, 4)),
  'an RSA number with spare zeros': keyLine(
    'ssh-rsa',
    Buffer.from([1, 0, 1]),
    Buffer.concat([Buffer.alloc(2), Buffer.alloc(256, 0xc7)]),
  ),
  'a negative RSA number': keyLine('ssh-rsa', Buffer.from([1, 0, 1]), Buffer.alloc(256, 0xc7)),
  '2 MB': `${type} ${'A'.repeat(2_000_000)}`,
})) {
  test(`a public key with ${what} is malformed`, () => {
    assert.throws(() => parsePublicKey(text), { code: 'key-malformed', field: 'public_key' });
  });
}

test('bits of base64 that stand for nothing are not free to choose', () => {
  const canonical = makeKeyPair('ecdsa', 256).line.split(' ').slice(0, 2).join(' ');
  assert.match(canonical, /[AEIMQUYcgkosw048]=$/);
  const other = `${canonical.slice(0, -2)}${String.fromCharCode(canonical.charCodeAt(canonical.length - 2) + 1)}=`;
  const bytes = (text: string) => Buffer.from(text.split(' ')[1] ?? '', 'base64');
  assert.deepEqual(bytes(other), bytes(canonical));
  parsePublicKey(canonical);
  assert.throws(() => parsePublicKey(other), { code: 'key-malformed' });
});

test('the refusal names the field that it was given', () => {
  assert.throws(() => parsePublicKey('x', 'servers.0.host_keys.active'), {
    field: 'servers.0.host_keys.active',
  });
});
