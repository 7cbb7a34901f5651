import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadCatalogue, renderInstaller } from '../../src/render/index.ts';
import { SAMPLE } from '../support/sample-input.ts';

/**
 * An installer that a broken connection cut is run by the shell as far as it came. Wherever that is,
 * nothing may run: the guard against other shells is all that stands outside of the one block.
 */

const { bytes } = renderInstaller(loadCatalogue(), 'linux', SAMPLE);
const script = bytes.toString();
const folder = mkdtempSync(join(tmpdir(), 'culvert-cut-'));
const file = join(folder, 'install.sh');
writeFileSync(file, bytes);
after(() => rmSync(folder, { recursive: true }));

/** Between these, bash has read the comments and the guard, but nothing of the block. */
const guardStart = script.search(/^[^#\n]/m);
const guardEnd = script.search(/^\n# The settings are read further down/m);
const blockStart = script.indexOf('{\n  # ---- Settings');

/** Whether bash gets comments only, or those and the whole guard: else it is cut inside a command. */
function isWhole(length: number): boolean {
  return length <= guardStart || (length >= guardEnd - 1 && length <= blockStart);
}

function runDriver(program: string, driver: string, ...options: string[]) {
  const path = fileURLToPath(new URL(driver, import.meta.url));
  return new Promise<{ rows: string[]; stderr: string }>((resolve, reject) => {
    const env = { PATH: '/usr/bin:/bin' };
    execFile(
      program,
      [path, file, ...options],
      { env, maxBuffer: 1 << 30 },
      (error, stdout, stderr) =>
        error ? reject(error) : resolve({ rows: stdout.trimEnd().split('\n'), stderr }),
    );
  });
}

// All at once: a file of this size takes bash a minute on one core.
const inBash = Promise.all(
  ['0', '1'].map((first) => runDriver('bash', 'every-prefix.bash', first, '2')),
);
const inDash = runDriver('dash', 'every-prefix.sh');

test('the guard stands in front of the one block, and nothing else does', () => {
  assert.ok(0 < guardStart && guardStart < guardEnd && guardEnd < blockStart);
  for (const row of script.slice(0, guardStart).split('\n')) assert.match(row, /^(#.*)?$/);
  for (const row of script.slice(guardEnd, blockStart).split('\n')) assert.match(row, /^(#.*)?$/);
});

test('bash: cut at any byte, it runs nothing', { timeout: 2_400_000 }, async () => {
  const rows = (await inBash).flatMap((half) => half.rows);
  assert.deepEqual(
    rows.filter((row) => row.includes('ran')),
    [],
  );
  assert.equal(rows.length, script.length - 1);
  for (const row of rows) {
    const [length, status] = row.split(' ').map(Number) as [number, number];
    assert.ok(isWhole(length) ? status === 0 : status === 1 || status === 2, row);
  }
});

test('dash: cut at any byte, it runs nothing but the guard', { timeout: 2_400_000 }, async () => {
  const { rows, stderr } = await inDash;
  assert.equal(rows.length, script.length);
  const [test, message, exit] = [
    'ran: [ -z  ]',
    /^ran: echo error: this script needs bash\./,
    'ran: exit 2',
  ];
  const ran = new Set(stderr.split('\n').filter((row) => row.startsWith('ran: ')));
  const others = [...ran].filter((row) => row !== test && row !== exit && !message.test(row));
  assert.deepEqual(others, []);
  for (const row of rows) {
    const [length, status] = row.split(' ').map(Number) as [number, number];
    assert.equal(status, length <= guardStart ? 0 : 2, row);
  }
});

test('cut, and piped into a shell of its own, it changes nothing and says nothing on stdout', () => {
  const env = { PATH: folder, HOME: folder };
  for (let length = 0; length < script.length - 1; length += 487) {
    for (const program of ['/bin/bash', '/bin/dash']) {
      const { stdout, stderr, status } = spawnSync(program, {
        input: script.slice(0, length),
        env,
        encoding: 'utf8',
      });
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /not found/);
      const ends = program === '/bin/dash' ? length <= guardStart : isWhole(length);
      // Cut inside [[ ]], bash says that it is a syntax error and yet ends with 0.
      const isFine = status === 0 && stderr === '';
      assert.equal(isFine, ends, `${program} ${length}: ${status}`);
    }
  }
});
