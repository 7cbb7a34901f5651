import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../src/domain/problem.ts';
import {
  checkInstallerInput,
  INSTALLER_FILE,
  loadCatalogue,
  renderInstaller,
  renderTunnelServerScript,
} from '../../src/render/index.ts';
import { ACCOUNTS, TUNNEL_SERVERS } from '../support/dist-scripts/accounts.ts';
import {
  folderFiles,
  readFolder,
  statedVersions,
  versionsOf,
} from '../support/dist-scripts/folder.ts';
import { installerHalves } from '../support/dist-scripts/installer-halves.ts';
import { describeMissingBump, missingBumps } from '../support/dist-scripts/missing-bumps.ts';
import { renderSamples } from '../support/dist-scripts/render-samples.ts';
import { partsOf } from '../support/dist-scripts/sample.ts';
import { changeField, stringFields } from './hostile-input.ts';

const catalogue = loadCatalogue();
const versions = versionsOf(catalogue);
const samples = renderSamples(catalogue);
const rendered = folderFiles(samples, versions);
const kept = readFolder();

test('every change of a sample is told by the version of its template', () => {
  const before = { versions: statedVersions(kept), files: kept };
  const missing = missingBumps(before, { versions, samples });
  assert.equal(missing.map(describeMissingBump).join('\n'), '');
});

for (const [file, text] of rendered) {
  test(`dist-scripts/${file} is what the templates give now`, () => {
    const hint = 'Run npm run dist-scripts, read the difference, and commit it.';
    assert.equal(kept.get(file), text, hint);
  });
}

test('dist-scripts holds nothing else', () => {
  assert.deepEqual([...kept.keys()].sort(), [...rendered.keys()].sort());
});

test('every template has a sample', () => {
  const shown = new Set(samples.flatMap(partsOf).map(({ template }) => template));
  assert.deepEqual([...shown].sort(), [...catalogue.keys()].sort());
});

test('no text of longest-names may be a letter longer', () => {
  const longest = ACCOUNTS['longest-names']?.input;
  // The base of the URLs has no limit but the schema's, far from what anybody has.
  for (const field of stringFields(longest).filter((name) => name !== 'public_url')) {
    const input = structuredClone(longest ?? {});
    changeField(input, field, (value) => `${value}x`);
    assert.throws(() => checkInstallerInput(input), Problem, field);
  }
});

for (const platform of ['linux', 'windows'] as const) {
  const file = INSTALLER_FILE[platform];
  const { shared } = installerHalves(kept.get(`plain/${file}`) ?? '');

  for (const [name, { input }] of Object.entries(ACCOUNTS)) {
    const settings = kept.get(`${name}/${file}.settings`);
    if (settings === undefined) continue;
    test(`${file} of ${name} is its settings, and then the same bytes as that of plain`, () => {
      const script = renderInstaller(catalogue, platform, input).bytes.toString();
      assert.ok(script === settings + shared);
    });
  }
}

for (const [name, input] of Object.entries(TUNNEL_SERVERS)) {
  test(`the installer of the tunnel server ${name} has the same body as that of plain`, () => {
    const body = (of: typeof input) =>
      installerHalves(renderTunnelServerScript(catalogue, of).bytes.toString()).shared;
    assert.ok(body(input) === body(TUNNEL_SERVERS['plain'] as typeof input));
  });
}
