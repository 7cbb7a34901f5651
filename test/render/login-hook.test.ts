import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runShell, splitAtNul } from './shells.ts';

const hook = readFileSync(
  new URL('../../templates/login-hook/login-hook.sh', import.meta.url),
  'utf8',
);
const withoutCall = hook.replace(/^main\n$/m, '');

/** What the hook takes for the fingerprint of each key that sshd tells of; `none` where there is none. */
function fingerprints(told: readonly string[]): string[] {
  const calls = told.map(
    (words) =>
      `SSH_AUTH_INFO_0='${words}'; find_fingerprint || fingerprint=none; printf '%s\\0' "$fingerprint"`,
  );
  return splitAtNul(runShell(`${withoutCall}\n${calls.join('\n')}\n`, ['bash'], 'C'));
}

test('the login hook finds the fingerprint that OpenSSH gives a key', () => {
  const keys = Array.from({ length: 200 }, (_, length) => randomBytes(32 + length));
  assert.deepEqual(
    fingerprints(keys.map((key) => `publickey ssh-ed25519 ${key.toString('base64')}\n`)),
    keys.map((key) => hash('sha256', key, 'base64').replace(/=$/, '')),
  );
});

test('the login hook takes nothing else than a key', () => {
  assert.deepEqual(
    fingerprints(['', 'password', 'keyboard-interactive pam']),
    Array(3).fill('none'),
  );
});
