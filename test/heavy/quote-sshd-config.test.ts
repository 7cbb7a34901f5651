import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { templateOf } from '../../src/render/catalogue.ts';
import { loadCatalogue, renderSshdConfig, type SshdConfigInput } from '../../src/render/index.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';

const catalogue = loadCatalogue();
const folder = mkdtempSync(join(tmpdir(), 'culvert-sshd-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const hostKey = join(folder, 'host_key');
execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
// sshd started by root looks for it, also to read its configuration only.
if (getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });

const INPUT: SshdConfigInput = {
  port: 50022,
  listen_address: '127.0.0.1',
  login: 'tunnel',
  host_keys: [hostKey],
  keys_folder: '/var/lib/culvert/keys',
  keys_user: 'culvert-keys',
  bind_address: '127.0.0.1',
  pid_file: '/run/culvert/sshd.pid',
  openssh: { major: 9, minor: 2 },
};

/** What `sshd -T` understood: each keyword's last value, but never a listening sshd. */
function readBySshd(text: string): Map<string, string> {
  const file = join(folder, 'sshd_config');
  writeFileSync(file, text);
  const output = execFileSync('/usr/sbin/sshd', ['-T', '-f', file], { encoding: 'utf8' });
  return new Map(
    output.split('\n').map((row) => [row.split(' ', 1)[0] ?? '', row.slice(row.indexOf(' ') + 1)]),
  );
}

const nearlyPlain = fc
  .array(fc.constantFrom(...`aZ09_./:@%*+-'#=$~()`, ' ', ' ', '"', '\\', '\n', '\t', '\u2019'), {
    minLength: 1,
    maxLength: 9,
  })
  .map((characters) => characters.join(''));

test('a hostile value is refused by its field, or changes nothing but its own word', () => {
  const template = templateOf(catalogue, 'sshd-config');
  const values = {
    ...{
      port: 1,
      listen_address: '127.0.0.1',
      login: 'tunnel',
      host_keys: ['/key'],
      key_file: '/keys/%f',
    },
    ...{ keys_user: 'keys', permit_listen: ['localhost:*'], gateway_ports: 'no', pid_file: '/pid' },
    ...{ use_pam: 'no', pam_services: [], has_source_penalties: false },
  };
  const plain = template.render(values);
  let refused = 0;
  for (const value of sampleOf(fc.oneof(hostileText, nearlyPlain), 22_000)) {
    const text = renderedOrRefused('pid_file', () =>
      template.render({ ...values, pid_file: value }),
    );
    const word = text
      ?.split('\n')
      .find((row) => row.startsWith('PidFile '))
      ?.slice('PidFile '.length);
    if (text === undefined) refused++;
    else {
      assert.ok(word === value || word === `"${value}"`);
      assert.equal(
        text,
        plain.replace('PidFile /pid', () => `PidFile ${word}`),
      );
    }
  }
  assert.ok(refused > 10_000, `${refused} refused`);
});

test('sshd reads every value that is let through as that very word', () => {
  const isTaken = (value: string) =>
    renderedOrRefused('login', () => renderSshdConfig(catalogue, { ...INPUT, login: value })) !==
    undefined;
  // AllowUsers takes what stands behind @ for addresses (sshd_config(5), PATTERNS).
  const accepted = sampleOf(
    nearlyPlain.filter((value) => isTaken(value) && !value.includes('@')),
    3 * 60,
  );
  while (accepted.length > 0) {
    const [login, keys_user, path] = accepted.splice(0, 3) as [string, string, string];
    const pid_file = `/${path}`;
    const read = readBySshd(renderSshdConfig(catalogue, { ...INPUT, login, keys_user, pid_file }));
    const shown = ['allowusers', 'authorizedkeyscommanduser', 'pidfile'].map((name) =>
      read.get(name),
    );
    assert.deepEqual(shown, [login, keys_user, pid_file]);
  }
});

test('the folder of keys may have blanks and percent signs', () => {
  const text = renderSshdConfig(catalogue, { ...INPUT, keys_folder: '/home/a b/100%f' });
  assert.match(text, /^AuthorizedKeysCommand \/usr\/bin\/cat "\/home\/a b\/100%%f\/%f"$/m);
  readBySshd(text);
});

test('on the loopback tunnel ports stay there; on a private address they listen there alone', () => {
  const local = readBySshd(renderSshdConfig(catalogue, INPUT));
  assert.equal(local.get('gatewayports'), 'no');
  assert.equal(local.get('permitlisten'), 'localhost:* 127.0.0.1:*');
  const address = '10.0.0.7';
  const away = readBySshd(renderSshdConfig(catalogue, { ...INPUT, bind_address: address }));
  assert.equal(away.get('gatewayports'), 'clientspecified');
  assert.equal(away.get('permitlisten'), '10.0.0.7:*');
});

test('a session may do nothing but listen', () => {
  const read = readBySshd(renderSshdConfig(catalogue, INPUT));
  const expected = {
    allowtcpforwarding: 'remote',
    allowstreamlocalforwarding: 'no',
    allowagentforwarding: 'no',
    x11forwarding: 'no',
    permittunnel: 'no',
    permittty: 'no',
    permituserrc: 'no',
    permituserenvironment: 'no',
    forcecommand: '/bin/false',
    maxsessions: '0',
    passwordauthentication: 'no',
    kbdinteractiveauthentication: 'no',
    authenticationmethods: 'publickey',
    authorizedkeysfile: 'none',
    listenaddress: '127.0.0.1:50022',
  };
  for (const [keyword, value] of Object.entries(expected))
    assert.equal(read.get(keyword), value, keyword);
});

test('the penalties that OpenSSH 9.8 brought are named from then on', () => {
  const has = (major: number, minor: number) =>
    renderSshdConfig(catalogue, { ...INPUT, openssh: { major, minor } }).includes(
      'PerSourcePenalties no',
    );
  assert.deepEqual([has(8, 9), has(9, 2), has(9, 7)], [false, false, false]);
  assert.deepEqual([has(9, 8), has(9, 10), has(10, 0)], [true, true, true]);
});

test('a PAM service is named from OpenSSH 9.8 on; before, by what sshd is called', () => {
  const of = (minor: number, pam_service?: string) =>
    renderSshdConfig(catalogue, {
      ...{ ...INPUT, openssh: { major: 9, minor } },
      ...(pam_service !== undefined && { pam_service }),
    }).match(/^(?:UsePAM|PAMServiceName).*$/gm);
  assert.deepEqual(of(8), ['UsePAM no']);
  assert.deepEqual(of(7, 'culvert-sshd-1'), ['UsePAM yes']);
  assert.deepEqual(of(8, 'culvert-sshd-1'), ['UsePAM yes', 'PAMServiceName culvert-sshd-1']);
});
