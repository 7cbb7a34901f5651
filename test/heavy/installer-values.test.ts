import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateOf } from '../../src/render/catalogue.ts';
import { loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { expectedSettings } from '../render/expected-settings.ts';
import { sampleOf } from '../render/hostile.ts';
import { hostileInput, STRING_FIELDS } from '../render/hostile-input.ts';
import { renderedOrRefused } from '../render/rendered-or-refused.ts';
import { settingNames, settingsBlock } from '../render/settings-block.ts';
import { runShell, splitAtNul } from '../render/shells.ts';
import { SAMPLE } from '../support/sample-input.ts';

const catalogue = loadCatalogue();
const { bodyDigest } = templateOf(catalogue, 'linux');
const render = (input: unknown) => renderInstaller(catalogue, 'linux', input);

/** A script that sets the settings, and prints each with how many values it has. */
function printingScript(script: string): string {
  const shown = settingNames(script).map((name) => `"\${#${name}[@]}" ${name} "\${${name}[@]}"`);
  return `${settingsBlock(script)}printf '%s\\0' ${shown.join(' ')}\n`;
}

function flat(settings: Record<string, string | string[]>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const values = [value].flat();
    return [String(values.length), name, ...values];
  });
}

test('the settings are those that the test knows', () => {
  const artifact = render(SAMPLE);
  const expected = expectedSettings(catalogue, SAMPLE, artifact, bodyDigest);
  assert.deepEqual(settingNames(artifact.bytes.toString()), Object.keys(expected));
});

test('every setting is kept for the command that stays on the host', () => {
  const script = render(SAMPLE).bytes.toString();
  const [, kept = ''] = /^ {2}SETTINGS=\(\n([^)]*)\)/m.exec(script) ?? [];
  assert.deepEqual(kept.trim().split(/\s+/).sort(), settingNames(script).sort());
});

test('a hostile value anywhere is refused by its field, or bash has it byte for byte', () => {
  const samples = sampleOf(hostileInput, 6000);
  const scripts: string[] = [];
  const expected: string[] = [];
  const refusedFields = new Set<string>();
  for (const { input, field } of samples) {
    const artifact = renderedOrRefused(field, () => render(input));
    if (artifact === undefined) {
      refusedFields.add(field);
    } else if (scripts.length < 1500) {
      scripts.push(printingScript(artifact.bytes.toString()));
      expected.push(...flat(expectedSettings(catalogue, input, artifact, bodyDigest)));
    }
  }
  // Every field has been tried often enough to have been refused at least once.
  assert.deepEqual([...refusedFields].sort(), [...STRING_FIELDS].sort());
  assert.ok(scripts.length > 500, `${scripts.length} rendered`);
  for (const locale of ['C', 'C.UTF-8']) {
    const printed = splitAtNul(runShell(scripts.join(''), ['bash'], locale));
    assert.equal(printed.length, expected.length);
    for (const [index, value] of expected.entries()) assert.equal(printed[index], value);
  }
});
