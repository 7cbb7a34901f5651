import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newId } from '../../src/domain/id.ts';
import { slotAddresses, type WindowsLines } from '../../src/server/addresses.ts';
import { type ControlPlane, SETTINGS, startControlPlane } from '../server/support/control-plane.ts';
import { setScene } from '../server/support/scene.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';

const powershell = await findPowerShell();
let plane: ControlPlane;
let folder: string;
let address: string;
let tunnel: string;

before(async () => {
  plane = await startControlPlane();
  folder = await mkdtemp(join(tmpdir(), 'culvert-pasted-'));
  ({ tunnel } = await setScene(plane));
  address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await plane[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function linesOf(id: string): WindowsLines {
  return slotAddresses({ ...SETTINGS, publicUrl: address }, id, 1).windows;
}

/** What Windows calls its PowerShell is ours here; the lines are pasted as the page shows them. */
async function paste(...lines: string[]) {
  assert.ok(powershell);
  const place = `Set-Location '${folder}'; Set-Alias powershell '${powershell.program}'`;
  return powershell.runCommand([place, ...lines].join('\n'));
}

test('the first line brings the very file, and the second sees whether it came whole', async (t) => {
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const { download, compare } = linesOf(tunnel);
  const spoil = "Add-Content install.ps1 '# '";
  const { stdout, stderr } = await paste(download, compare, spoil, compare);
  assert.equal(stderr, '');
  assert.deepEqual(stdout.trim().split(/\r?\n/), ['True', 'False']);
  await paste(download);
  const served = await plane.app.inject(`/t/${tunnel}/install.ps1`);
  assert.ok((await readFile(join(folder, 'install.ps1'))).equals(served.rawPayload));
});

for (const way of ['run', 'runAsText'] as const) {
  test(`for an unknown tunnel the line "${way}" fails, says why, and leaves the window open`, async (t) => {
    if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
    const lines = linesOf(newId('tun'));
    const { stdout, stderr } = await paste(lines.download, lines[way], '"exit $LASTEXITCODE"');
    assert.match(stderr, /^error: there is no such tunnel \(not-found\)\r?\n {7}Ask the vendor/);
    assert.equal(stdout.trim(), 'exit 6');
  });
}
