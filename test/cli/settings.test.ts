import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSigningKey } from '../../src/bundle/index.ts';
import { Problem } from '../../src/domain/problem.ts';
import { readSettings, SETTINGS, type Setting, type SettingName } from '../../src/settings.ts';
import { culvert } from './support/culvert.ts';

const BAD: Partial<Record<SettingName, string[]>> = {
  publicUrl: [
    'culvert.example',
    'https://culvert.example/',
    'ftp://a',
    'https://a/?b',
    'https://a b',
  ],
  listen: ['8080', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '::1:80', 'a b:80', '-a:80'],
  store: ['culvert.db', 'sqlite:', 'mysql://a/b', 'postgres://[/b'],
  vendor: ['Acme', '-acme', 'a b', 'a'.repeat(32), 'a\n'],
  vendorName: ['  ', 'a\u202eb', 'a\nb', 'x'.repeat(121)],
  service: ['h autossh', '-a', '$(id)'],
  trustProxy: ['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.1,;'],
  caFile: ['/nonexistent/ca.pem', '/etc/passwd', '/'],
  signingKeyFile: ['/nonexistent/key.pem', '/etc/passwd', '/'],
  webhookUrl: ['http://a.example/', 'https://u:p@a.example/', 'https://a.example/#b', 'a.example'],
  webhookSecret: ['secret', 'whsec_', 'whsec_AAAA', `whsec_${'A'.repeat(31)}*`],
  webhookSecretFile: ['/nonexistent/secret', '/etc/passwd'],
  webhookAllow: ['alerts.example', '10.0.0.0/33'],
  webhookGrace: ['2m', '-1', '86401'],
  webhookCaFile: ['/nonexistent/ca.pem', '/etc/passwd'],
  logLevel: ['loud'],
  controlPlane: ['culvert.example'],
  listenAddress: ['0.0.0.0:22', 'a b', '::', 'localhost'],
  login: ['-a', 'a b', 'a$b'],
  url: ['127.0.0.1:8080'],
};

for (const [name, texts] of Object.entries(BAD) as [SettingName, string[]][]) {
  const { variable, flag }: Setting<unknown> = SETTINGS[name];
  test(`a bad ${variable} is refused by its name`, () => {
    for (const text of texts) {
      assert.throws(() => readSettings([name], {}, { [variable]: text }), names(variable), text);
      if (flag === undefined) continue;
      const written = flag.split(' ')[0] as string;
      assert.throws(() => readSettings([name], { [name]: text }, {}), names(written), text);
    }
  });
}

test('a setting that must be given is asked for by name', () => {
  assert.throws(() => readSettings(['vendor'], {}, {}), names('CULVERT_VENDOR'));
  assert.throws(
    () => readSettings(['vendor'], {}, { CULVERT_VENDOR: '' }),
    names('CULVERT_VENDOR'),
  );
});

test('every setting that need not be given has a fallback that it takes itself', () => {
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const setting: Setting<unknown> = SETTINGS[name];
    if (setting.fallback !== undefined) readSettings([name], {}, {});
  }
});

test('a flag is its setting’s name with hyphens', () => {
  for (const [name, { flag }] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const hyphens = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (flag !== undefined) assert.equal(flag.split(' ')[0], `--${hyphens}`);
  }
});

test('a flag goes before its variable', () => {
  const { listen } = readSettings(['listen'], { listen: '[::1]:9' }, { CULVERT_LISTEN: 'a:1' });
  assert.deepEqual(listen, { host: '::1', port: 9 });
});

test('lists are split and checked', () => {
  const text = ' 10.0.0.1, 10.0.0.0/8 ,fd00::/8 ';
  const { trustProxy } = readSettings(['trustProxy'], {}, { CULVERT_TRUST_PROXY: text });
  assert.deepEqual(trustProxy, ['10.0.0.1', '10.0.0.0/8', 'fd00::/8']);
});

test('a signing key is read from a file that is its owner’s alone, and never repeated', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'culvert-settings-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'key.pem');
  const { pem } = createSigningKey();
  const read = () => readSettings(['signingKeyFile'], {}, { CULVERT_SIGNING_KEY_FILE: file });

  await writeFile(file, pem, { mode: 0o600 });
  assert.equal(read().signingKeyFile, pem);
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(file, mode);
    const { message } = problemOf(read);
    assert.match(message, /^CULVERT_SIGNING_KEY_FILE: others may read .* chmod 0600/);
    assert.ok(!message.includes(pem.split('\n')[1] ?? ''));
  }
});

test('a bad store is refused without repeating it: it may hold a password', () => {
  const text = 'postgres//culvert:hunter2@db/culvert';
  const error = problemOf(() => readSettings(['store'], {}, { CULVERT_STORE: text }));
  assert.doesNotMatch(error.message, /hunter2/);
});

test('secrets have no flag, for argv can be read by everyone', () => {
  for (const [name, { flag }] of Object.entries<Setting<unknown>>(SETTINGS)) {
    if (/token$/i.test(name) || name === 'store') assert.equal(flag, undefined, name);
  }
});

for (const [words, settings, named] of [
  [['serve'], { CULVERT_VENDOR: 'Not A Slug' }, 'CULVERT_VENDOR'],
  [['serve', '--vendor', 'acme'], { CULVERT_LISTEN: 'nowhere' }, 'CULVERT_LISTEN'],
  [['serve', '--vendor', 'acme', '--listen', 'nowhere'], {}, '--listen'],
  [['serve'], {}, 'CULVERT_VENDOR'],
  [['tunnel-server'], {}, 'CULVERT_CONTROL_PLANE'],
  [['migrate'], { CULVERT_STORE: 'nothing' }, 'CULVERT_STORE'],
  [['region', 'list'], { CULVERT_URL: 'nothing' }, 'CULVERT_URL'],
] as [string[], Record<string, string>, string][]) {
  test(`culvert ${words.join(' ')} names ${named} and ends with 2`, async () => {
    const { code, stdout, stderr } = await culvert(words, settings);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith(`culvert: ${named}`), stderr);
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
  });
}

function names(source: string) {
  return (error: unknown) =>
    error instanceof Problem &&
    error.code === 'value-invalid' &&
    error.field === source &&
    error.message.startsWith(source);
}

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error('no problem was thrown');
}
