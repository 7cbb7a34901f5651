import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readLogPosition, trimLog } from '../../src/agent/sessions/log-position.ts';
import { SessionLog } from '../../src/agent/sessions/session-log.ts';
import type { StateFolder } from '../../src/agent/state-folder.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-log-'));
  path = join(folder, 'log');
  await writeFile(path, '');
});
afterEach(() => rm(folder, { recursive: true }));

test('gives whole lines, each once, however they come', async () => {
  const log = new SessionLog(path);
  assert.deepEqual(await log.read(), []);
  await appendFile(path, 'one\r\ntwo\r\nthr');
  assert.deepEqual(await log.read(), ['one', 'two']);
  await appendFile(path, 'ee');
  assert.deepEqual(await log.read(), []);
  await appendFile(path, '\r\nfour\r\n');
  assert.deepEqual(await log.read(), ['three', 'four']);
});

test('reads more than a chunk, and gets over a line without an end', async () => {
  const log = new SessionLog(path);
  const many = Array.from({ length: 60_000 }, (_, number) => `line ${number} ${'x'.repeat(30)}`);
  await appendFile(path, `${many.join('\r\n')}\r\n`);
  assert.deepEqual(await log.read(), many);
  await appendFile(path, 'y'.repeat(3_000_000));
  await log.read();
  await appendFile(path, '\r\nafter\r\n');
  assert.equal((await log.read()).at(-1), 'after');
});

test('starts again when the file is cut or is another one', async () => {
  const log = new SessionLog(path);
  await appendFile(path, 'first\r\n');
  await log.read();
  await truncate(path);
  await appendFile(path, 'cut\r\n');
  assert.deepEqual(await log.read(), ['cut']);
  await writeFile(`${path}.new`, 'another file\r\n');
  await rename(`${path}.new`, path);
  assert.deepEqual(await log.read(), ['another file']);
});

test('trimming frees the disk, loses no line, and the next agent goes on behind it', async () => {
  const state = { sshdLog: path, logPosition: join(folder, 'position') } as StateFolder;
  const log = new SessionLog(path);
  await appendFile(path, `${'x'.repeat(99)}\n`.repeat(50_000));
  await log.read();
  await appendFile(path, 'not read yet\r\n');
  await trimLog(state, log, [{ monitor: { pid: 1, start: 2 }, claims: ['ab'], seenAt: 3 }]);
  assert.ok((await stat(path)).blocks * 512 < 1_000_000);
  assert.deepEqual(await log.read(), ['not read yet']);

  const saved = await readLogPosition(state);
  assert.equal(saved.sessions[0]?.claims[0], 'ab');
  assert.deepEqual(await new SessionLog(path, saved.offset).read(), ['not read yet']);
});
