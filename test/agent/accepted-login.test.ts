import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAcceptedLogin, parseOfferedKey } from '../../src/agent/sessions/accepted-login.ts';

const BASE64 = 'eq2f/khjNArf0rWz2XLWUOeE5qw+/vtnOIUcQ76Bzfw';
const TEXT = `Accepted publickey for tunnel from 192.0.2.1 port 40000 ssh2: ED25519 SHA256:${BASE64}`;

test('reads the line of each OpenSSH', () => {
  for (const tag of ['pid=812', 'bin=sshd-session, pid=812', 'bin=sshd-session, uid=0, pid=812']) {
    const login = parseAcceptedLogin(`auth.c:auth_log():298 (${tag}): ${TEXT}`, 'tunnel');
    assert.equal(login?.pid, 812);
    assert.equal(Buffer.from(login?.fingerprint ?? '', 'hex').length, 32);
    assert.equal(Buffer.from(BASE64, 'base64').toString('hex'), login?.fingerprint);
  }
});

test('takes no other line for it', () => {
  const good = `auth.c:auth_log():298 (pid=812): ${TEXT}`;
  const others = [
    TEXT,
    ` ${good}`,
    `${good} `,
    `Invalid user ${good}`,
    good.replace('for tunnel', 'for root'),
    good.replace('Accepted', 'Postponed'),
    good.replace('pid=812', 'pid=-1'),
    good.replace('pid=812', 'pid=99999999999'),
    good.replace(BASE64, BASE64.slice(1)),
    good.replace('auth.c:auth_log()', 'channels.c:channel_input_open_failure()'),
    `${good} [preauth]`,
  ];
  for (const line of others) assert.equal(parseAcceptedLogin(line, 'tunnel'), undefined, line);
});

test('reads which connection offers a known key, for that account alone', () => {
  const line = (tag: string) =>
    `auth.c:auth_log():298 (${tag}): Postponed publickey for tunnel from 192.0.2.1 port 4 ssh2 [preauth]`;
  assert.equal(parseOfferedKey(line('pid=813'), 'tunnel'), 813);
  assert.equal(parseOfferedKey(line('bin=sshd-auth, pid=813'), 'tunnel'), 813);
  assert.equal(parseOfferedKey(line('pid=813'), 'root'), undefined);
  assert.equal(parseOfferedKey(` ${line('pid=813')}`, 'tunnel'), undefined);
});
