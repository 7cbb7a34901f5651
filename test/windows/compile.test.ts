import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { outputOf } from '../support/bed/command.ts';
import { compileHost, HOST_SOURCES } from './support/compile-host.ts';
import { findCsc, netFramework45 } from './support/net-framework.ts';

const folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('Mono compiles the host as C# 5, without a warning', async () => {
  const program = await compileHost(folder);
  assert.match(readFileSync(join(program, '../assembly/TunnelHost.exe'), 'latin1'), /^MZ/);
});

test('it compiles against the .NET Framework 4.5, without a warning', async (t) => {
  const csc = await findCsc();
  const assemblies = csc && (await netFramework45(folder));
  if (!csc || !assemblies) {
    t.diagnostic('not run here: the Windows host against the .NET Framework 4.5 (dotnet, NuGet)');
    return;
  }
  const references = ['mscorlib', 'System', 'System.Core', 'System.ServiceProcess'];
  await outputOf([
    ...csc.argv,
    ...references.map((name) => `-r:${join(assemblies, `${name}.dll`)}`),
    `-out:${join(folder, 'net45.exe')}`,
    ...HOST_SOURCES,
  ]);
});

for (const file of HOST_SOURCES) {
  test(`${basename(file)} can stand in a here-string of PowerShell, and be read`, () => {
    const text = readFileSync(file, 'latin1');
    assert.match(text, /^[\n\x20-\x7e]*\n$/, 'ASCII, no tabs, line feeds');
    const lines = text.split('\n');
    assert.ok(lines.length <= 300);
    for (const line of lines) {
      assert.ok(line.length <= 100, line);
      assert.doesNotMatch(line, /^\s*['"]@/);
      assert.doesNotMatch(line, /\s$/);
    }
  });
}
