import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  type InstallerInput,
  loadCatalogue,
  renderErrorScript,
  renderInstaller,
  renderTunnelServerScript,
} from '../../src/render/index.ts';
import { runCommand } from '../support/bed/command.ts';
import { accountInputs, TUNNEL_SERVERS } from '../support/dist-scripts/accounts.ts';
import { installerHalves } from '../support/dist-scripts/installer-halves.ts';

/** The same for every shell text of the project, parts of templates too. */
const SHFMT = ['shfmt', '-d', '-i', '2', '-ci'];

/** SC2016: a name with `$(…)` in single quotes does not expand, and that is the intention. */
const SHELLCHECK = ['shellcheck', '--shell=bash', '--severity=style', '--exclude=SC2016', '-'];

const catalogue = loadCatalogue();

/** What customers get, and what we run ourselves. */
const scripts: Record<string, Buffer> = {
  ...Object.fromEntries(
    Object.entries(accountInputs()).map(([name, input]) => [
      `install.sh (${name})`,
      name === 'plain' ? installer(input) : settingsAlone(installer(input)),
    ]),
  ),
  'error script': renderErrorScript(catalogue, 'linux', {
    code: 'not-found',
    detail: `it's "gone" $(id)`,
    next: 'Ask the vendor.',
  }),
  connect: readFileSync('templates/connect/connect.sh'),
  'login hook': readFileSync('templates/login-hook/login-hook.sh'),
  'choice of sshd_config': readFileSync('templates/choose-sshd-config/choose-config.sh'),
  ...Object.fromEntries(
    Object.entries(TUNNEL_SERVERS).map(([name, input]) => [
      `install.sh of a tunnel server (${name})`,
      renderTunnelServerScript(catalogue, input).bytes,
    ]),
  ),
  '.ci/run': readFileSync('.ci/run'),
  ...Object.fromEntries(
    globSync('test/support/bed/*.sh').map((file) => [file, readFileSync(file)]),
  ),
};

/** What all installers share is read once, in plain; a test of dist-scripts shows that it is the same. */
function settingsAlone(script: Buffer): Buffer {
  return Buffer.from(`${installerHalves(script.toString()).settings}}\n`);
}

function installer(input: InstallerInput): Buffer {
  return renderInstaller(catalogue, 'linux', input).bytes;
}

for (const [name, bytes] of Object.entries(scripts)) {
  test(`${name}: bash reads it`, () => silent(['bash', '-n'], bytes));
  test(`${name}: shellcheck finds nothing`, () => silent(SHELLCHECK, bytes));
  test(`${name}: shfmt would change nothing`, () => silent(SHFMT, bytes));
}

// A part stands behind another one, so it may begin with an empty line.
for (const file of globSync('templates/**/*.sh').sort()) {
  const bytes = Buffer.from(readFileSync(file, 'utf8').replace(/^\n/, ''));
  test(`${file}: bash reads it`, () => silent(['bash', '-n'], bytes));
  test(`${file}: shfmt would change nothing`, () => silent(SHFMT, bytes));
}

async function silent(argv: string[], input: Buffer): Promise<void> {
  const { code, stdout, stderr } = await runCommand(argv, { input });
  assert.equal(stdout + stderr, '');
  assert.equal(code, 0);
}
