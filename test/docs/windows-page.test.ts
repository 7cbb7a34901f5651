import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  checkInstallerInput,
  loadCatalogue,
  renderInstaller,
  renderPlan,
} from '../../src/render/index.ts';
import { slotAddresses } from '../../src/server/addresses.ts';
import { SETTINGS } from '../server/support/control-plane.ts';
import { SAMPLE } from '../support/sample-input.ts';

/** docs/windows.md against the script: what the page lists is what the script has, and nothing else. */
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/windows.md');
const catalogue = loadCatalogue();
const script = renderInstaller(catalogue, 'windows', SAMPLE)
  .bytes.toString()
  .replaceAll('\r\n', '\n');

function section(heading: string): string {
  const text = page.split(/^## /m).find((candidate) => candidate.startsWith(`${heading}\n`));
  assert.ok(text, `There is no heading ${heading}.`);
  return text;
}

/** The first cell of each row of the table in a section. */
function firstCells(heading: string): string[] {
  const rows = section(heading).match(/^\|.*\|$/gm) ?? [];
  return rows.slice(2).map((row) => row.split('|')[1]?.trim() ?? '');
}

test('the lines to paste are those of the tunnel’s page', () => {
  const { windows } = slotAddresses({ ...SETTINGS, publicUrl: 'https://…' }, '<id>', 1);
  for (const line of [windows.download, windows.compare, windows.run]) {
    assert.ok(section('Install').includes(`\n${line}\n`), line);
  }
  assert.ok(section('Install').includes(`\`${windows.runAsText}\``), windows.runAsText);
});

test('the parameters are those of the script, which explains each', () => {
  const block = /^param\(\n(.*?)^\)/ms.exec(script)?.[1] ?? '';
  const declared = [...block.matchAll(/\$(\w+),?$/gm)].map(([, name]) => `\`-${name}\``);
  const explained = [...script.matchAll(/^# \.PARAMETER (\w+)$/gm)].map(
    ([, name]) => `\`-${name}\``,
  );
  assert.ok(declared.length > 10);
  assert.deepEqual(firstCells('Parameters'), declared);
  assert.deepEqual(explained, declared);
});

test('the exit codes are those of the script', () => {
  const table = /^ {2}\$Exit = @\{\n(.*?)^ {2}\}/ms.exec(script)?.[1] ?? '';
  const codes = [...table.matchAll(/= (\d)/g)].map(([, code]) => code);
  assert.equal(codes.length, 7);
  assert.deepEqual(firstCells('Exit codes'), ['0', ...codes]);
});

test('the variables are those that the script reads', () => {
  const variables = new Set(script.match(/\bCULVERT_[A-Z_]+\b/g));
  assert.deepEqual(new Set(page.match(/\bCULVERT_[A-Z_]+\b/g)), variables);
});

test('each file and folder of the plan is in the table', () => {
  const plan = renderPlan(catalogue, 'windows', checkInstallerInput(SAMPLE))
    .replaceAll('\\acme', '\\<vendor>')
    .replaceAll('\\orders', '\\<tunnel>');
  const places = [...plan.matchAll(/%Program\w+%\S*[^,\s]/g)].map(([place]) => place);
  assert.ok(places.length > 15);
  const table = section('Files');
  for (const place of places) {
    const [name = ''] = place.split('\\').slice(-1);
    assert.ok(table.includes(name.replace(/\.<.*/, '.')), place);
  }
});

test('the service is set up as the page says', () => {
  const controls = [...script.matchAll(/^ +control (\w+) \$Name/gm)].map(([, verb]) => verb);
  for (const verb of ['privs', 'failure', 'failureflag', 'description']) {
    assert.ok(controls.includes(verb), verb);
    assert.ok(section('The service').includes(verb), verb);
  }
});
