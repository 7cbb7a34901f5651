import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { loadCatalogue, renderErrorScript } from '../../src/render/index.ts';
import { quotePowerShell } from '../../src/render/quoting/powershell.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';
import { hostileText, sampleOf } from './hostile.ts';
import { runShell, splitAtNul } from './shells.ts';

const catalogue = loadCatalogue();
const problem = {
  code: 'not-found',
  detail: "There's no tunnel here",
  next: 'Ask for a new command.',
};

for (const shell of [['bash'], ['bash', '--posix'], ['dash']]) {
  const [program, ...options] = shell as [string, ...string[]];

  test(`${shell.join(' ')}: says why there is no installer, on stderr, and fails`, () => {
    const input = renderErrorScript(catalogue, 'linux', problem);
    const { status, stdout, stderr } = spawnSync(program, options, { input, encoding: 'utf8' });
    assert.equal(status, 6);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      "error: There's no tunnel here (not-found)\n       Ask for a new command.\n",
    );
  });

  test(`${shell.join(' ')}: whatever the text is, it is only shown`, () => {
    const texts = sampleOf(hostileText, 700).map((text) => text.slice(0, 200));
    const shown = texts.map((text) => text.replace(/[^\x20-\x7e]/gu, '?'));
    const scripts = texts.map(
      (detail) =>
        `( ${renderErrorScript(catalogue, 'linux', { ...problem, detail, next: detail })} ) 2>&1\nprintf '%s\\0' $?\n`,
    );
    const printed = splitAtNul(runShell(scripts.join(''), [program, ...options], 'C'));
    assert.equal(printed.length, texts.length);
    for (const [index, text] of shown.entries()) {
      assert.equal(printed[index], `error: ${text} (not-found)\n       ${text}\n6`);
    }
  });
}

test('cut anywhere, it fails or says nothing at all', () => {
  const script = renderErrorScript(catalogue, 'linux', problem).toString();
  for (const program of ['bash', 'dash']) {
    for (let length = 0; length < script.length - 1; length += 7) {
      const { stdout, stderr } = spawnSync(program, {
        input: script.slice(0, length),
        encoding: 'utf8',
      });
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /^error:/);
    }
  }
});

const windowsScript = (detail: string, next: string) =>
  renderErrorScript(catalogue, 'windows', { code: 'not-found', detail, next }).toString();
/** What PowerShell typed by a person does with a script that it may not run as a file. */
const pasted = (script: string) => `Invoke-Expression ${quotePowerShell(script)}\n`;

test('PowerShell: as a file it says why there is no installer, on stderr, and fails', async (t) => {
  const powershell = await findPowerShell();
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const { code, stdout, stderr } = await powershell.runText(
    windowsScript(problem.detail, problem.next),
  );
  assert.equal(code, 6);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.split(/\r?\n/), [
    "error: There's no tunnel here (not-found)",
    '       Ask for a new command.',
    '',
  ]);
});

test('PowerShell: pasted it leaves the window open and its exit code behind; any text is only shown', async (t) => {
  const powershell = await findPowerShell();
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const texts = sampleOf(hostileText, 300).map((text) => text.slice(0, 200));
  const calls = texts.map(
    (text) => `${pasted(windowsScript(text, text))}$LASTEXITCODE\n$global:LASTEXITCODE = 0\n`,
  );
  const { code, stdout, stderr } = await powershell.runText(`${calls.join('')}exit 7\n`);
  assert.equal(code, 7);
  assert.deepEqual(
    stdout.trim().split(/\r?\n/),
    texts.map(() => '6'),
  );
  const shown = texts.map((text) => text.replace(/[^\x20-\x7e]/gu, '?'));
  const expected = shown.flatMap((text) => [`error: ${text} (not-found)`, `       ${text}`]);
  assert.deepEqual(stderr.split(/\r?\n/), [...expected, '']);
});
