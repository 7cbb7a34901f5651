import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadCatalogue, renderInstaller, sha256 } from '../../src/render/index.ts';
import { hostKey, SAMPLE } from '../support/sample-input.ts';

const catalogue = loadCatalogue();
const artifact = renderInstaller(catalogue, 'linux', SAMPLE);
const script = artifact.bytes.toString();

test('an installer is pure ASCII, in lines of at most 100 columns, and ends its last one', () => {
  assert.match(script, /^[\n\x20-\x7e]+$/);
  for (const row of script.split('\n')) assert.ok(row.length <= 100, row);
  assert.ok(script.endsWith('\n}\n'));
});

test('it is named by its digest', () => {
  assert.equal(artifact.file, 'install.sh');
  assert.equal(artifact.sha256, sha256(artifact.bytes));
});

test("its header's command prints the digest that its settings state", () => {
  const command = /^# {3}(sed .* install\.sh \| sha256sum)$/m.exec(script)?.[1];
  const stated = /^ {2}BODY_SHA256='([0-9a-f]{64})'$/m.exec(script)?.[1];
  assert.ok(command && stated);
  const folder = mkdtempSync(join(tmpdir(), 'culvert-installer-'));
  try {
    writeFileSync(join(folder, 'install.sh'), artifact.bytes);
    const printed = execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
    assert.equal(printed.slice(0, 64), stated);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('all that follows the settings is the same for everyone', () => {
  const other = structuredClone(SAMPLE);
  other.vendor = { slug: 'initech', name: "Initech's" };
  other.tunnel = { id: `tun_${'1'.repeat(26)}`, slug: 'crm', name: '数据库' };
  other.servers.splice(1);
  other.database = { type: 'tcp', socket: '/run/db.sock' };
  const body = (text: string) => text.slice(text.indexOf('\n  # ---- The same for everyone'));
  const others = renderInstaller(catalogue, 'linux', other);
  assert.equal(body(others.bytes.toString()), body(script));
  assert.notEqual(others.sha256, artifact.sha256);
});

test('the same input gives the same bytes, in another process, place and language too', () => {
  const program = `
    import { loadCatalogue, renderInstaller } from '${new URL('../../src/render/index.ts', import.meta.url)}';
    import { SAMPLE } from '${new URL('../support/sample-input.ts', import.meta.url)}';
    console.log(renderInstaller(loadCatalogue(), 'linux', SAMPLE).sha256);`;
  for (const env of [
    { TZ: 'Asia/Kathmandu', LC_ALL: 'C' },
    { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', HOME: '/nonexistent' },
  ]) {
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      env,
      cwd: '/',
      encoding: 'utf8',
    });
    assert.equal(printed.trim(), artifact.sha256);
  }
  assert.equal(
    renderInstaller(loadCatalogue(), 'linux', structuredClone(SAMPLE)).sha256,
    artifact.sha256,
  );
});

test('the order of names in the input makes no difference', () => {
  const reversed = Object.fromEntries(Object.entries(SAMPLE).reverse());
  assert.equal(renderInstaller(catalogue, 'linux', reversed).sha256, artifact.sha256);
});

test('another input is another render, in each field', () => {
  const renders = new Set([artifact.render]);
  const changes: Partial<typeof SAMPLE>[] = [
    { public_url: 'https://other.example' },
    { slot: 2 },
    { tunnel_port: 20001 },
    { service: 'tunnels' },
    { database: { type: 'tcp', host: 'db.internal', port: 5432 } },
    {
      servers: [
        {
          host: 't1.culvert.example',
          aliases: [],
          host_keys: { active: hostKey(1), spare: hostKey(9) },
        },
      ],
    },
    { region: { ...SAMPLE.region, name: 'Elsewhere' } },
  ];
  for (const change of changes)
    renders.add(renderInstaller(catalogue, 'linux', { ...SAMPLE, ...change }).render);
  assert.equal(renders.size, changes.length + 1);
});

test('an installer holds no token, no private key, no time', () => {
  assert.doesNotMatch(script, /cv[tajg]_[0-9a-z]{16}_|PRIVATE KEY|\b20\d\d-\d\d-\d\d/);
});
