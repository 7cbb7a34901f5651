import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { templateOf } from '../../src/render/catalogue.ts';
import {
  INSTALLER_FILE,
  loadCatalogue,
  PLATFORMS,
  renderInstaller,
  sha256,
} from '../../src/render/index.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';
import { SAMPLE } from '../support/sample-input.ts';

const catalogue = loadCatalogue();
const artifact = renderInstaller(catalogue, 'windows', SAMPLE);
const script = artifact.bytes.toString();
const rows = script.split('\r\n');
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-installer-'));
  await writeFile(join(folder, 'install.ps1'), artifact.bytes);
});
after(() => rm(folder, { recursive: true }));

test('each platform has a template of its name, and its installer is that output', () => {
  for (const platform of PLATFORMS) {
    assert.equal(INSTALLER_FILE[platform], templateOf(catalogue, platform).manifest.output);
  }
  assert.equal(artifact.file, 'install.ps1');
  assert.equal(artifact.sha256, sha256(artifact.bytes));
});

test('an installer is pure ASCII in lines of Windows, of at most 100 columns, and ends with its block', () => {
  assert.match(script, /^(?:[\x20-\x7e]|\r\n)+\r\n\}$/);
  for (const row of rows) assert.ok(row.length <= 100, row);
});

const stated = /^ {2}\$BodySha256 = '([0-9a-f]{64})'$/m.exec(rows.join('\n'))?.[1];
/** The commands that the script's help gives for the digest of its body. */
const commands = rows.filter((row) => /^# {3}\S/.test(row)).map((row) => row.slice(4));
const [sed, ...others] = commands.filter((row) => row.startsWith('sed '));
const inPowerShell = commands.filter((row) => /^\$body =|^\(Get-FileHash.*\$body/.test(row));

test("the help's command for Linux prints the digest that the settings state", () => {
  assert.ok(stated && sed && others.length === 0);
  const printed = execFileSync('sh', ['-c', sed], { cwd: folder, encoding: 'utf8' });
  assert.equal(printed.slice(0, 64), stated);
});

test('and so do those for PowerShell', async (t) => {
  assert.equal(inPowerShell.length, 2);
  const powershell = await findPowerShell();
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const typed = [`Set-Location '${folder}'`, ...inPowerShell].join('\n');
  const { stdout, stderr } = await powershell.runCommand(typed);
  assert.equal(stderr, '');
  assert.equal(stdout.trim().toLowerCase(), stated);
});

test('all that follows the settings is the same for everyone', () => {
  const other = structuredClone(SAMPLE);
  other.vendor = { slug: 'initech', name: "Initech's" };
  other.tunnel = { id: `tun_${'1'.repeat(26)}`, slug: 'crm', name: '数据库' };
  other.servers.splice(1);
  const body = (text: string) => text.slice(text.indexOf('\n  # ---- The same for everyone'));
  const others = renderInstaller(catalogue, 'windows', other);
  assert.equal(body(others.bytes.toString()), body(script));
  assert.notEqual(others.sha256, artifact.sha256);
});

test('each platform has a render of its own', () => {
  assert.notEqual(renderInstaller(catalogue, 'linux', SAMPLE).render, artifact.render);
  assert.equal(renderInstaller(loadCatalogue(), 'windows', SAMPLE).sha256, artifact.sha256);
});

test('a database at a Unix socket is refused by its field, with a way out', () => {
  const database = { type: 'postgresql', socket: '/run/postgresql/.s.PGSQL.5432' };
  assert.throws(() => renderInstaller(catalogue, 'windows', { ...SAMPLE, database }), {
    name: 'Problem',
    code: 'value-invalid',
    field: 'database.socket',
    next: /Linux/,
  });
});

test('an installer holds no token, no private key, no time', () => {
  assert.doesNotMatch(script, /cv[tajg]_[0-9a-z]{16}_|PRIVATE KEY|\b20\d\d-\d\d-\d\d/);
});
