import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type ControlPlane,
  PUBLIC_URL,
  startControlPlane,
} from '../server/support/control-plane.ts';
import { setScene } from '../server/support/scene.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';

let plane: ControlPlane;
let folder: string;
let line: string;

before(async () => {
  plane = await startControlPlane();
  const { tunnel } = await setScene(plane);
  const { installers } = await plane.api<{ installers: [{ pinned_windows_command: string }] }>(
    'GET',
    `/v1/tunnels/${tunnel}`,
  );
  const address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
  line = installers[0].pinned_windows_command.replaceAll(PUBLIC_URL, address);
  folder = mkdtempSync(join(tmpdir(), 'culvert-pinned-'));
});
after(async () => {
  await plane[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Says what would have been run, and of which first line, in the place of Windows PowerShell. */
const FAKE = 'function powershell { "$($args[0..2]): $((Get-Content $args[3])[-1])" }; ';

test('the pinned line for Windows runs the installer that it names, and no other', async (t) => {
  const powershell = await findPowerShell();
  if (!powershell) return t.diagnostic(NO_POWERSHELL);
  const env = { ...process.env, ProgramFiles: folder };
  const good = await powershell.runCommand(FAKE + line, { env });
  assert.equal(good.stdout.trim(), '-ExecutionPolicy Bypass -File: }', good.stderr);
  assert.deepEqual(readdirSync(folder), []);
  const other = line.replace(/-eq '[0-9a-f]{64}'/, `-eq '${'0'.repeat(64)}'`);
  const bad = await powershell.runCommand(FAKE + other, { env });
  assert.equal(bad.stdout.trim(), '');
  assert.match(bad.stderr, /Nothing was run: these are other bytes/);
  assert.deepEqual(readdirSync(folder), []);
});
