import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCommand } from '../support/bed/command.ts';
import { compileHost } from './support/compile-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const program = await compileHost(folder);
const SSH = '/usr/bin/ssh';

for (const words of [
  [],
  ['--help'],
  ['--service'],
  ['--service', '--data', '/d', '--ssh', SSH],
  ['--service', 'h', '--data', '/d', '--ssh', SSH, '--second', '10'],
  ['--service', 'h', '--data', '/d'],
  ['--console', '--data', '/d', '--ssh'],
  ['--console', '--data', '/d', '--ssh', SSH, '--second', '-1'],
  ['--console', '--data', '/d', '--ssh', SSH, '--second', 'x'],
  ['--console', '--data', '', '--ssh', SSH],
  ['--probe', '--data', '/d', '--ssh', SSH, '--second', '10'],
  ['--probe', '/d', SSH],
  ['--connect'],
  ['--connect', '/d', 'host'],
  ['--connect', '/d', 'host', '22', 'more'],
]) {
  test(`usage: ${words.join(' ') || 'nothing'}`, async () => {
    const { code, stdout, stderr } = await runCommand([program, ...words]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^usage: TunnelHost --service NAME --data FOLDER --ssh PATH\n/);
  });
}

test('--probe says what would run, and changes nothing', async () => {
  const data = mkdtempSync(join(folder, 'data-'));
  const probe = (path: string) => runCommand([program, '--probe', '--data', path, '--ssh', SSH]);
  const version = /^ssh: OpenSSH_[\x20-\x7e]+\n$/;
  for (const empty of [data, join(data, 'missing')]) {
    const { code, stdout, stderr } = await probe(empty);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, version);
  }
  const files: Record<string, Record<string, string>> = {
    direct: { wanted: '1', endpoints: 'host 50022\n' },
    fallback: { wanted: '1', endpoints: 'a 50022\nb 443\n', 'key.old': '' },
    proxied: { wanted: '1', endpoints: 'host 50022\n', 'http-proxy': 'gate\n3128\nuser\nsecret\n' },
    unwanted: { endpoints: 'host 50022\n' },
    log: {},
  };
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(join(data, name));
    for (const [file, text] of Object.entries(contents))
      writeFileSync(join(data, name, file), text);
  }
  const { code, stdout, stderr } = await probe(data);
  assert.deepEqual([code, stderr], [0, '']);
  const [first, ...tunnels] = stdout.trimEnd().split('\n');
  assert.match(`${first}\n`, version);
  const connect = `mono \\"${join(folder, 'assembly/TunnelHost.exe')}\\" --connect`;
  const call = (name: string, { old = '', more = '' } = {}) => {
    const at = join(data, name);
    const hosts = `-o UserKnownHostsFile=${at}/known_hosts -o GlobalKnownHostsFile=${at}/known_hosts`;
    return `${name}: ${SSH} -N -T -F ${at}/ssh_config -i ${at}/key ${old}${hosts} ${more}tunnel`;
  };
  const through = (name: string) => `-o "ProxyCommand=${connect} ${join(data, name)}" `;
  assert.deepEqual(tunnels, [
    call('direct'),
    call('fallback', { old: `-i ${join(data, 'fallback')}/key.old `, more: through('fallback') }),
    call('proxied', { more: through('proxied') }),
  ]);
  for (const [name, contents] of Object.entries(files)) {
    assert.deepEqual(readdirSync(join(data, name)).sort(), Object.keys(contents).sort());
  }
});

for (const ssh of ['/nonexistent/ssh', '/bin/false']) {
  test(`--probe fails where ssh is ${ssh}`, async () => {
    const argv = [program, '--probe', '--data', folder, '--ssh', ssh];
    const { code, stdout, stderr } = await runCommand(argv);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, new RegExp(`^error: ${ssh} cannot be run: [^\n]+\n$`));
  });
}

test('--console fails where there is no data folder', async () => {
  const data = join(folder, 'missing');
  const argv = [program, '--console', '--data', data, '--ssh', SSH];
  const { code, stderr } = await runCommand(argv);
  assert.deepEqual([code, stderr], [1, `error: ${data} is not there. Run the installer again.\n`]);
  assert.ok(!readdirSync(folder).includes('missing'));
});
