import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { loadCatalogue, renderErrorScript } from '../../src/render/index.ts';
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
