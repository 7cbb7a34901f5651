import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { canonicalJson } from '../../src/domain/audit.ts';
import { textOf } from '../../src/render/catalogue.ts';
import {
  checkInstallerInput,
  type InstallerInput,
  loadCatalogue,
  PLATFORMS,
  renderBundleFiles,
  renderInstaller,
  renderPlan,
  renderWindowsFiles,
} from '../../src/render/index.ts';
import { accountInputs } from '../support/dist-scripts/accounts.ts';
import { SAMPLE } from '../support/sample-input.ts';
import { settingsBlock } from './settings-block.ts';
import { runShell, splitAtNul } from './shells.ts';

const catalogue = loadCatalogue();

function render(input: InstallerInput, signed = true): Map<string, Buffer> {
  const files = renderBundleFiles(catalogue, input, { signed });
  return new Map(files.map(({ path, bytes }) => [path, bytes]));
}

/** Which setting of the script a file is written from. */
const SETTING_OF: Record<string, string> = {
  'linux/etc/h_autossh/acme_orders/ssh_config': 'SSH_CONFIG',
  'linux/etc/h_autossh/acme_orders/known_hosts': 'KNOWN_HOSTS',
  'linux/usr/local/lib/h_autossh/acme_orders/connect': 'CONNECT',
  'linux/usr/local/sbin/h_autossh': 'DISPATCHER',
  'linux/etc/systemd/system/h_autossh@acme_orders.service': 'TUNNEL_UNIT',
  'linux/etc/systemd/system/h_autossh.service': 'UMBRELLA_UNIT',
  'linux-plain-ssh/etc/systemd/system/h_autossh@acme_orders.service': 'PLAIN_UNIT',
  'linux-run/ssh_config': 'SSH_CONFIG_RUN',
  'linux-run/known_hosts': 'KNOWN_HOSTS',
  'linux-run/connect': 'CONNECT',
};

test('the files are those that the script writes, byte for byte, and nothing else is there', () => {
  const files = render(SAMPLE);
  const script = files.get('install.sh')?.toString() ?? '';
  assert.equal(script, renderInstaller(catalogue, 'linux', SAMPLE).bytes.toString());
  const names = Object.values(SETTING_OF);
  const shown = names.map((name) => `"$${name}"`).join(' ');
  const values = splitAtNul(runShell(`${settingsBlock(script)}printf '%s\\0' ${shown}\n`));
  for (const [index, path] of Object.keys(SETTING_OF).entries()) {
    assert.equal(files.get(path)?.toString(), values[index], path);
  }
  // That PowerShell has these byte for byte stands in windows-values.test.ts.
  const windows = renderWindowsFiles(catalogue, checkInstallerInput(SAMPLE));
  const windowsFiles: Record<string, string> = {
    'install.ps1': renderInstaller(catalogue, 'windows', SAMPLE).bytes.toString(),
    'windows/ProgramData/h_autossh/acme/orders/ssh_config': windows.ssh_config,
    'windows/ProgramData/h_autossh/acme/orders/known_hosts': windows.known_hosts,
    'windows/ProgramFiles/h_autossh/h_autossh.ps1': textOf(catalogue, 'windows-dispatcher'),
  };
  for (const [path, text] of Object.entries(windowsFiles)) {
    assert.equal(files.get(path)?.toString(), text, path);
  }
  const guides = ['ACTIONS.md', 'MANIFEST.json', 'VERIFY.md', 'install.sh'];
  assert.deepEqual(
    [...files.keys()].sort(),
    [...guides, ...Object.keys(SETTING_OF), ...Object.keys(windowsFiles)].sort(),
  );
});

test('ACTIONS.md holds the very text that a dry run prints, and every file of the bundle', () => {
  const files = render(SAMPLE);
  const actions = files.get('ACTIONS.md')?.toString() ?? '';
  const script = files.get('install.sh')?.toString() ?? '';
  const [plan = ''] = splitAtNul(runShell(`${settingsBlock(script)}printf '%s\\0' "$PLAN"\n`));
  assert.ok(plan.length > 1000);
  const windowsPlan = renderPlan(catalogue, 'windows', checkInstallerInput(SAMPLE));
  assert.ok(actions.endsWith(`\n\n${plan}\n## install.ps1\n\n${windowsPlan}`));
  const words = `${plan} ${windowsPlan}`.split(/[\s,]+/);
  for (const path of files.keys()) {
    const [, place] = /^linux(?:-plain-ssh)?(\/.*)$/.exec(path) ?? [];
    if (place !== undefined) assert.ok(words.includes(place), place);
    const [, folder, rest = ''] = /^windows\/(\w+)(\/.*)$/.exec(path) ?? [];
    const windowsPlace = `%${folder}%${rest.replaceAll('/', '\\')}`;
    if (folder !== undefined) assert.ok(words.includes(windowsPlace), windowsPlace);
  }
});

test('the plan is a code block throughout, and none of its lines is markup', () => {
  for (const [name, input] of Object.entries(accountInputs())) {
    const actions = render(input).get('ACTIONS.md')?.toString() ?? '';
    const plans = actions.split(/^## install\.\w+\n\n/m).slice(1);
    assert.equal(plans.length, input.database.socket ? 1 : 2);
    for (const line of plans.flatMap((plan) => plan.trimEnd().split('\n'))) {
      assert.match(line, /^ {4}\S| {15}\S/, name);
    }
  }
});

test('MANIFEST.json is canonical, and says whose tunnel it is and what made each artifact', () => {
  for (const input of Object.values(accountInputs())) {
    const files = render(input);
    const text = files.get('MANIFEST.json')?.toString() ?? '';
    const manifest = JSON.parse(text);
    assert.equal(text, `${canonicalJson(manifest)}\n`);
    const { artifacts, files: written, ...whose } = manifest;
    const { public_url, vendor, account, tunnel, slot } = input;
    assert.deepEqual(whose, { v: 1, public_url, vendor, account, tunnel, slot });
    const platforms = input.database.socket ? (['linux'] as const) : PLATFORMS;
    assert.deepEqual(
      artifacts,
      platforms.map((platform) => {
        const {
          file,
          render: digest,
          sha256,
          template,
        } = renderInstaller(catalogue, platform, input);
        return { file, sha256, template, render: digest };
      }),
    );
    for (const { file, sha256 } of written) {
      assert.equal(sha256, hash('sha256', files.get(file) ?? ''), file);
    }
  }
});

test('VERIFY.md says what there is: a signature, or none', () => {
  const signed = render(SAMPLE).get('VERIFY.md')?.toString() ?? '';
  assert.match(signed, /-I acme -n culvert-artifact-v1 -s SHA256SUMS\.sig <SHA256SUMS/);
  assert.match(signed, /a copy that came with the bundle counts for nothing/);
  assert.match(signed, /curl -fsS https:\/\/culvert\.example\/t\/tun_0{26}\/install\.sh/);
  const unsigned = render(SAMPLE, false).get('VERIFY.md')?.toString() ?? '';
  assert.match(unsigned, /This vendor signs nothing/);
  assert.doesNotMatch(unsigned, /ssh-keygen/);
});

test('names for people stand in the script and in MANIFEST.json, where nothing reads them as markup', () => {
  const name = '<script>alert(1)</script> [x](javascript:1) `id` $(id)';
  const files = render({
    ...SAMPLE,
    vendor: { slug: 'acme', name },
    account: { slug: 'globex', name },
    tunnel: { ...SAMPLE.tunnel, name },
  });
  for (const path of ['ACTIONS.md', 'VERIFY.md']) {
    assert.ok(!files.get(path)?.includes('alert'), path);
  }
});

test('the longest names make paths that a tar can hold', () => {
  const files = render({
    ...SAMPLE,
    service: 's'.repeat(31),
    vendor: { slug: 'v'.repeat(31), name: 'V' },
    tunnel: { ...SAMPLE.tunnel, slug: 't'.repeat(31) },
  });
  for (const path of files.keys()) assert.match(path, /^[A-Za-z0-9][A-Za-z0-9@._/-]{0,180}$/);
});
