import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  checkInstallerInput,
  type InstallerInput,
  instanceName,
  loadCatalogue,
  renderProxyFiles,
  renderWindowsFiles,
} from '../../src/render/index.ts';
import { hostKey, SAMPLE } from '../support/sample-input.ts';
import { sampleOf } from './hostile.ts';
import { bravelyNamed } from './hostile-input.ts';

const catalogue = loadCatalogue();
const filesOf = (input: InstallerInput) => renderProxyFiles(catalogue, checkInstallerInput(input));

const slug = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,30}$/);
const login = fc.stringMatching(/^[a-z][a-z0-9_-]{0,31}$/);
const service = fc.stringMatching(/^[a-z][a-z0-9_-]{0,30}$/);
const port = fc.integer({ min: 1, max: 65535 });
const hostName = fc.stringMatching(
  /^([A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?\.){0,3}[a-z]{2,10}$/,
);
const group = fc.integer({ min: 1, max: 0xffff });
const ipv6 = fc
  .tuple(group, group)
  .map(([a, b]) => `2001:db8::${a.toString(16)}:${b.toString(16)}`);
const address = fc.oneof(
  hostName,
  fc.ipV4().filter((host) => !host.startsWith('169.254.')),
  ipv6,
);
const database = fc.oneof(
  fc.record({ type: fc.constant('postgresql' as const), host: address, port }),
  fc.record({
    type: fc.constant('tcp' as const),
    socket: fc.stringMatching(/^\/[a-z]{1,9}(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,9}){0,4}$/),
  }),
);

/** Any input that passes its check: each value anywhere in its grammar. */
const anyInput: fc.Arbitrary<InstallerInput> = fc
  .record({
    vendor: slug,
    tunnel: slug,
    service,
    login,
    name: bravelyNamed,
    host: address,
    port,
    tunnel_port: port,
    database,
    keys: fc.uint8Array({ minLength: 2, maxLength: 8 }),
  })
  .map(({ vendor, tunnel, service, login, name, host, port, tunnel_port, database, keys }) => ({
    ...SAMPLE,
    vendor: { slug: vendor, name },
    account: { slug: 'globex', name },
    service,
    tunnel: { ...SAMPLE.tunnel, slug: tunnel, name },
    tunnel_port,
    region: { ...SAMPLE.region, name, login, port },
    servers: [...keys].map((byte) => ({
      host,
      aliases: [],
      host_keys: { active: hostKey(byte), spare: hostKey(255 - byte) },
    })),
    database,
  }));

function readBySsh(text: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-ssh-'));
  try {
    writeFileSync(join(folder, 'ssh_config'), text);
    const output = execFileSync('ssh', ['-G', '-F', join(folder, 'ssh_config'), 'tunnel'], {
      encoding: 'utf8',
    });
    return new Map(
      output
        .split('\n')
        .map((row) => [row.split(' ', 1)[0] ?? '', row.slice(row.indexOf(' ') + 1)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('ssh understands of its file exactly what the input says', () => {
  for (const input of sampleOf(anyInput, 150)) {
    const read = readBySsh(filesOf(input).ssh_config);
    const folder = `${input.service}/${input.vendor.slug}_${input.tunnel.slug}`;
    const { host, port, socket } = input.database;
    const expected = {
      hostname: input.servers[0]?.host.toLowerCase(),
      port: String(input.region.port),
      user: input.region.login,
      identityfile: `/var/lib/${folder}/key`,
      userknownhostsfile: `/etc/${folder}/known_hosts`,
      globalknownhostsfile: `/etc/${folder}/known_hosts`,
      remoteforward: `[127.0.0.1]:${input.tunnel_port} ${socket ?? `[${host}]:${port}`}`,
      hostkeyalias: 'tunnel',
      stricthostkeychecking: 'true',
      identitiesonly: 'yes',
      batchmode: 'yes',
      exitonforwardfailure: 'yes',
      updatehostkeys: 'false',
      verifyhostkeydns: 'false',
      forwardagent: 'no',
      forwardx11: 'no',
      permitlocalcommand: 'no',
      tunnel: 'false',
      clearallforwardings: 'no',
      serveraliveinterval: '15',
      serveralivecountmax: '3',
      connecttimeout: '20',
    };
    for (const [keyword, value] of Object.entries(expected))
      assert.equal(read.get(keyword), value, keyword);
    assert.ok(
      !read.has('proxycommand') && !read.has('localforward') && !read.has('dynamicforward'),
    );
  }
});

test('units hold slugs and fixed paths, and nothing else of the input', () => {
  const instance = instanceName(SAMPLE as never);
  const plain = filesOf(SAMPLE);
  const named = (text: string, input: InstallerInput) =>
    text
      .replaceAll(instance, () => instanceName(input as never))
      .replaceAll('h_autossh', () => input.service);
  for (const input of sampleOf(anyInput, 2000)) {
    const files = filesOf(input);
    assert.equal(files.tunnel_unit, named(plain.tunnel_unit, input));
    assert.equal(files.plain_unit, named(plain.plain_unit, input));
    assert.equal(files.umbrella_unit, named(plain.umbrella_unit, input));
  }
});

test('the two units differ in nothing but the program that holds the tunnel', () => {
  const { tunnel_unit, plain_unit } = filesOf(SAMPLE);
  const lines = (unit: string) =>
    unit.split('\n').filter((line) => !/autossh -M|AUTOSSH_|^# autossh|bin\/ssh /.test(line));
  assert.deepEqual(lines(plain_unit), lines(tunnel_unit));
  assert.match(plain_unit, /^ExecStart=\/usr\/bin\/ssh -N -T -F /m);
});

test('every server has both its keys pinned, under the one name that ssh looks up', () => {
  const rows = filesOf(SAMPLE)
    .known_hosts.split('\n')
    .filter((row) => row !== '' && !row.startsWith('#'));
  assert.deepEqual(
    rows,
    [1, 2, 3, 4].map((byte) => `tunnel ${hostKey(byte)}`),
  );
});

test("the files of `run` differ in their folder, and include nothing of the host's", () => {
  const { ssh_config, ssh_config_run } = filesOf(SAMPLE);
  const moved = ssh_config
    .replace(/\n {2}# What only this host knows.*\n {2}Include .*\n/, '')
    .replaceAll(/\/(var\/lib|etc)\/h_autossh/g, '~/.local/state/h_autossh');
  assert.equal(ssh_config_run, moved);
});

test('what only the host knows comes last, so that it overrides nothing', () => {
  const rows = filesOf(SAMPLE).ssh_config.trimEnd().split('\n');
  assert.equal(rows.at(-1), '  Include /etc/h_autossh/acme_orders/local.conf');
});

/** Keywords that came after OpenSSH 7.7, which Windows Server 2019 has: it ends at any of them. */
const NEWER_THAN_7_7 =
  'SetEnv CASignatureAlgorithms SecurityKeyProvider PubkeyAcceptedAlgorithms ' +
  'HostbasedAcceptedAlgorithms KnownHostsCommand PermitRemoteOpen LogVerbose SessionType StdinNull ' +
  'ForkAfterAuthentication RequiredRSASize EnableEscapeCommandline Tag ObscureKeystrokeTiming ' +
  'ChannelTimeout VersionAddendum RefuseConnection WarnWeakCrypto';

test("on Windows, ssh's file holds no path of the host and nothing that its oldest ssh lacks", () => {
  const { ssh_config } = renderWindowsFiles(catalogue, checkInstallerInput(SAMPLE));
  const keywords = [...ssh_config.matchAll(/^ {2}(\w+) /gm)].map(([, keyword = '']) => keyword);
  for (const keyword of [...NEWER_THAN_7_7.split(' '), 'Include', 'ProxyCommand']) {
    assert.ok(!keywords.includes(keyword), keyword);
  }
  assert.doesNotMatch(ssh_config, /(?:IdentityFile|KnownHostsFile|Include) |\/(?:etc|var)\//);
  assert.match(ssh_config, /^ {2}LogLevel VERBOSE$/m);
});

test('on Windows, ssh understands the same as on Linux, but for the files and what it logs', () => {
  const linux = readBySsh(filesOf(SAMPLE).ssh_config);
  const windows = readBySsh(renderWindowsFiles(catalogue, checkInstallerInput(SAMPLE)).ssh_config);
  const differ = [...linux.keys()].filter((name) => linux.get(name) !== windows.get(name));
  assert.deepEqual(differ.sort(), [
    'globalknownhostsfile',
    'identityfile',
    'loglevel',
    'userknownhostsfile',
  ]);
  assert.equal(windows.get('loglevel'), 'VERBOSE');
});
