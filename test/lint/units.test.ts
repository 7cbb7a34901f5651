import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  checkInstallerInput,
  instanceName,
  loadCatalogue,
  renderProxyFiles,
  renderTunnelServerFiles,
} from '../../src/render/index.ts';
import { runCommand } from '../support/bed/command.ts';
import { accountInputs, TUNNEL_SERVERS } from '../support/dist-scripts/accounts.ts';

const catalogue = loadCatalogue();

for (const [name, sample] of Object.entries(accountInputs())) {
  test(`systemd-analyze verify says nothing about the units (${name})`, async (t) => {
    const input = checkInstallerInput(sample);
    const { tunnel_unit, plain_unit, umbrella_unit } = renderProxyFiles(catalogue, input);
    const folder = await mkdtemp(join(tmpdir(), 'culvert-units-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const umbrella = join(folder, `${input.service}.service`);
    const tunnel = join(folder, `${input.service}@${instanceName(input)}.service`);
    await writeFile(umbrella, umbrella_unit);
    for (const unit of [tunnel_unit, plain_unit]) {
      await writeFile(tunnel, unit);
      const verify = ['systemd-analyze', 'verify', '--man=no', umbrella, tunnel];
      const { code, stdout, stderr } = await runCommand(verify);
      assert.equal(stdout + stderr, '');
      assert.equal(code, 0);
    }
  });
}

for (const [name, input] of Object.entries(TUNNEL_SERVERS)) {
  test(`the units of a tunnel server leave little exposed (${name})`, async (t) => {
    const { sshd_unit, agent_unit } = renderTunnelServerFiles(catalogue, input);
    const folder = await mkdtemp(join(tmpdir(), 'culvert-units-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    // In tenths. What is left is explained in docs/security.md; test/distro holds the page against it.
    for (const [unit, text, most] of [
      ['culvert-agent.service', agent_unit, 20],
      ['culvert-sshd.service', sshd_unit, 40],
    ] as const) {
      const file = join(folder, unit);
      await writeFile(file, text);
      const judge = ['systemd-analyze', 'security', '--offline=true', `--threshold=${most}`, file];
      const { code, stdout, stderr } = await runCommand(judge);
      assert.equal(code, 0, stdout + stderr);
    }
  });
}
