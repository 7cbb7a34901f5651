import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { SAMPLE } from '../support/sample-input.ts';

const script = renderInstaller(loadCatalogue(), 'linux', SAMPLE).bytes;

/** Pipes the whole script into a shell, as curl does. */
function pipeInto(program: string, options: string[], argv0 = program) {
  return spawnSync(program, options, {
    input: script,
    argv0,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
  });
}

test('bash finds no fault in it', () => {
  const { status, stdout, stderr } = pipeInto('bash', ['-n']);
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
});

test('dash says what to do instead, and does nothing', () => {
  const { status, stdout, stderr } = pipeInto('dash', []);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.equal(
    stderr,
    'error: this script needs bash. Run it again and end the line with: | bash\n',
  );
});

for (const [what, options, argv0] of [
  ['bash', [], 'bash'],
  ['bash in POSIX mode', ['--posix'], 'bash'],
  ['sh that is bash', [], 'sh'],
] as [string, string[], string][]) {
  test(`${what} reads all of it, and its options`, () => {
    const { status, stdout, stderr } = pipeInto(
      '/bin/bash',
      [...options, '-s', '--', '--help'],
      argv0,
    );
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.match(stdout, /^Opens a tunnel from this host/);
  });

  test(`${what} refuses what it does not know, before anything else`, () => {
    const { status, stdout, stderr } = pipeInto(
      '/bin/bash',
      [...options, '-s', '--', '--frobnicate'],
      argv0,
    );
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^\nerror: There is no option or command '--frobnicate'\.\n {7}See --help\.\n$/,
    );
  });
}
