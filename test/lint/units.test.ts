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
} from '../../src/render/index.ts';
import { runCommand } from '../support/bed/command.ts';
import { accountInputs } from '../support/dist-scripts/accounts.ts';

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
