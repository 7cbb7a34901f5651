import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ControlPlane, PUBLIC_URL, startControlPlane } from './support/control-plane.ts';
import { type Scene, setScene } from './support/scene.ts';

let plane: ControlPlane;
let scene: Scene;
let address: string;
let folder: string;

before(async () => {
  plane = await startControlPlane();
  scene = await setScene(plane);
  address = await plane.app.listen({ host: '127.0.0.1', port: 0 });
  folder = mkdtempSync(join(tmpdir(), 'culvert-pinned-'));
});
after(async () => {
  await plane[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function pinnedCommand(): Promise<string> {
  const { installers } = await plane.api<{ installers: [{ pinned_command: string }] }>(
    'GET',
    `/v1/tunnels/${scene.tunnel}`,
  );
  return installers[0].pinned_command;
}

/** Runs a command with this control plane in the place of the public one. */
function run(command: string): Promise<{ code: number; output: string }> {
  const line = command.replaceAll(PUBLIC_URL, address);
  const env = { ...process.env, TMPDIR: folder, no_proxy: '*' };
  return new Promise((resolve) => {
    execFile('bash', ['-c', line], { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

test('the installer that is served runs, and its folder goes', async () => {
  const command = await pinnedCommand();
  const { code, output } = await run(command.replace(/\)$/, ' --version)'));
  assert.match(output, /^Culvert installer for Linux \d/);
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(folder), []);
});

test('other bytes are not run', async () => {
  const command = await pinnedCommand();
  const other = command.replace(/echo '[0-9a-f]{64}/, `echo '${'0'.repeat(64)}`);
  const { code, output } = await run(other.replace(/\)$/, ' --version)'));
  assert.notEqual(code, 0);
  assert.match(output, /install\.sh: FAILED/);
  assert.doesNotMatch(output, /Culvert installer/);
  assert.deepEqual(readdirSync(folder), []);
});

test('a digest that is not there ends before anything runs', async () => {
  const command = await pinnedCommand();
  const { code, output } = await run(command.replaceAll(/[0-9a-f]{64}/g, '0'.repeat(64)));
  assert.equal(code, 22); // curl's, for an HTTP status of 400 and above
  assert.match(output, /404/);
  assert.deepEqual(readdirSync(folder), []);
});
