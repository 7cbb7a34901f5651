import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { culvert, culvertJson } from './support/culvert.ts';

const SCRIPT = join(import.meta.dirname, '../../dist-scripts/plain/install.sh');
const folder = await mkdtemp(join(tmpdir(), 'culvert-diff-'));
after(() => rm(folder, { recursive: true }));
const other = join(folder, 'install.sh');
await writeFile(other, (await readFile(SCRIPT, 'utf8')).replace("SLOT='1'", "SLOT='2'"));

test('what changed is told section by section, without a server', async () => {
  const { code, stdout, stderr } = await culvert(['diff', SCRIPT, other]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^values: 1 line added, 1 line removed\n.*\ncode: none\n/m);
  assert.match(stdout, /\n@@ SLOT, line \d+, now \d+ @@\n- {2}SLOT='1'\n\+ {2}SLOT='2'\n$/);
});

test('the unified form and JSON', async () => {
  const { stdout } = await culvert(['diff', '--unified', SCRIPT, other]);
  const lines = stdout.split('\n');
  assert.deepEqual(lines.slice(0, 2), [`--- ${SCRIPT}`, `+++ ${other}`]);
  assert.ok(lines.includes("+  SLOT='2'"));
  const found = await culvertJson<{ changes: { setting: string }[] }>(['diff', SCRIPT, other]);
  assert.deepEqual(
    found.changes.map(({ setting }) => setting),
    ['SLOT'],
  );
  assert.equal((await culvert(['diff', '--unified', SCRIPT, SCRIPT])).stdout, '');
});

test('what cannot be compared is a plain refusal', async () => {
  const binary = join(folder, 'binary');
  await writeFile(binary, Buffer.from([0xff, 0xfe]));
  const large = join(folder, 'large');
  await writeFile(large, 'a\n'.repeat(600_000));
  for (const [words, said] of [
    [[SCRIPT, join(folder, 'nothing')], /^culvert: after: cannot be read: /],
    [[folder, SCRIPT], /^culvert: before: cannot be read: /],
    [[SCRIPT, binary], /^culvert: what is not UTF-8 text cannot be compared/],
    [[SCRIPT, large], /^culvert: files of more than 1048576 bytes are not compared/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await culvert(['diff', ...words]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, said);
  }
});
