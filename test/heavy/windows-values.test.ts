import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateOf } from '../../src/render/catalogue.ts';
import { type Artifact, loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { expectedWindowsSettings } from '../render/expected-windows-settings.ts';
import { sampleOf } from '../render/hostile.ts';
import { hostileInput, STRING_FIELDS } from '../render/hostile-input.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';
import { accountInputs } from '../support/dist-scripts/accounts.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';
import { SAMPLE } from '../support/sample-input.ts';

/** How many installers PowerShell reads; each costs it some hundredths of a second. */
const SAMPLES = 100;

const catalogue = loadCatalogue();
const { bodyDigest } = templateOf(catalogue, 'windows');
const render = (input: unknown) => renderInstaller(catalogue, 'windows', input);
const expect = (input: unknown, artifact: Artifact) =>
  expectedWindowsSettings(catalogue, input, artifact, bodyDigest);

/** From the block's beginning to the line from which on all is the same for everyone. */
function settingsOf(artifact: Artifact): string {
  const [settings] = /^& \{\r\n {2}# ---- Settings.*?(?=^ {2}# ---- The same for everyone)/ms.exec(
    artifact.bytes.toString(),
  ) ?? [''];
  return settings;
}

/** The names that the block sets, in order. Rows of a literal begin with a quote. */
function namesOf(settings: string): string[] {
  return [...settings.matchAll(/^ {2}\$(\w+) = /gm)].map((match) => match[1] as string);
}

const PRINTER = `$out = New-Object IO.StringWriter
function show($name, $values) {
  $out.Write("$name $($values.Count)")
  foreach ($value in $values) {
    $units = [Text.Encoding]::Unicode.GetBytes([string]$value)
    $out.Write(' ' + [Convert]::ToBase64String($units))
  }
  $out.WriteLine()
}
`.replaceAll('\n', '\r\n');

function printing(settings: string): string {
  const shown = namesOf(settings).map((name) => `  show '${name}' $${name}\r\n`);
  return `${settings}${shown.join('')}}\r\n`;
}

function printed(settings: Record<string, string | string[]>): string[] {
  return Object.entries(settings).map(([name, value]) => {
    const values = [value].flat().map((text) => Buffer.from(text, 'utf16le').toString('base64'));
    return [name, values.length, ...values].join(' ');
  });
}

test('the settings are those that the test knows', () => {
  const artifact = render(SAMPLE);
  assert.deepEqual(namesOf(settingsOf(artifact)), Object.keys(expect(SAMPLE, artifact)));
});

test('a hostile value anywhere is refused by its field, or PowerShell has it byte for byte', {
  timeout: 180_000,
}, async (t) => {
  const samples: unknown[] = Object.values(accountInputs()).filter(
    ({ database }) => !database.socket,
  );
  const refusedFields = new Set<string>();
  for (const { input, field } of sampleOf(hostileInput, 6000)) {
    if (renderedOrRefused(field, () => render(input)) === undefined) refusedFields.add(field);
    else if (samples.length < SAMPLES) samples.push(input);
  }
  // Every field has been tried often enough to have been refused at least once.
  assert.deepEqual([...refusedFields].sort(), [...STRING_FIELDS].sort());
  assert.equal(samples.length, SAMPLES);
  const artifacts = samples.map(render);

  const powershell = await findPowerShell();
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const script = `${PRINTER}${artifacts.map(settingsOf).map(printing).join('')}$Host.UI.Write($out.ToString())\r\n`;
  const { code, stdout, stderr } = await powershell.runText(script);
  assert.equal(stderr.slice(0, 500), '');
  assert.equal(code, 0);
  const expected = artifacts.flatMap((artifact, index) =>
    printed(expect(samples[index], artifact)),
  );
  const rows = stdout.split(/\r?\n/);
  assert.equal(rows.length, expected.length + 1);
  for (const [index, row] of expected.entries()) assert.equal(rows[index], row);
});
