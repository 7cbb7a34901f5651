import assert from 'node:assert/strict';
import {
  appendFileSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openKeyFile, readKeyFile } from '../../src/agent/keys/key-file.ts';
import type { AgentKey } from '../../src/domain/agent-protocol.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'culvert-key-file-'));
  path = join(folder, 'keys.json');
});
afterEach(() => rm(folder, { recursive: true }));

const key = (number: number): AgentKey => ({
  fingerprint: number.toString(16).padStart(64, '0'),
  tunnel: 'tun_x',
  slot: 1,
  port: 20_000,
  line: `restrict ssh-ed25519 AAAA${number} tun_x`,
  database: 'tcp',
});
const many = (count: number) =>
  new Map(Array.from({ length: count }, (_, at) => [key(at).fingerprint, key(at)] as const));

/** Adds the next key to a list, and gives it. */
async function add(file: ReturnType<typeof openKeyFile>, keys: Map<string, AgentKey>, at: number) {
  const added = key(at);
  keys.set(added.fingerprint, added);
  await file.append({ revision: at, keys: [added], removed: [] }, keys);
}

test('one key more is a line more, among 100,000', async () => {
  const keys = many(100_000);
  const file = openKeyFile(path);
  await file.replace({ revision: 1, keys });
  const whole = statSync(path);
  const before = statSync(`${path}.changes`).size;
  await add(file, keys, 100_000);
  keys.delete(key(7).fingerprint);
  const removal = { revision: 100_001, keys: [], removed: [key(7).fingerprint] };
  await file.append(removal, keys);
  assert.deepEqual([statSync(path).ino, statSync(path).mtimeMs], [whole.ino, whole.mtimeMs]);
  assert.ok(statSync(`${path}.changes`).size - before < 1000);
  const saved = await readKeyFile(path);
  assert.equal(saved?.revision, 100_001);
  assert.deepEqual(saved?.keys, keys);
});

test('the changes never hold many more keys than the list', async () => {
  const keys = many(10);
  const file = openKeyFile(path);
  await file.replace({ revision: 0, keys });
  for (let at = 0; at < 1000; at += 1) await add(file, keys, at % 20);
  assert.ok(readFileSync(`${path}.changes`, 'utf8').split('\n').length < 150);
  assert.deepEqual((await readKeyFile(path))?.keys, keys);
});

test('a change that a crash cut is left out, wherever it was cut', async () => {
  const keys = many(1);
  const file = openKeyFile(path);
  await file.replace({ revision: 1, keys });
  await add(file, keys, 2);
  const kept = new Map(keys);
  const { size } = statSync(`${path}.changes`);
  await add(file, keys, 3);
  for (let end = statSync(`${path}.changes`).size - 2; end >= size; end -= 1) {
    truncateSync(`${path}.changes`, end);
    assert.deepEqual(await readKeyFile(path), { revision: 2, keys: kept });
  }
});

test('after a crash the next one to write begins anew', async () => {
  const keys = many(1);
  const file = openKeyFile(path);
  await file.replace({ revision: 1, keys });
  await add(file, keys, 2);
  appendFileSync(`${path}.changes`, '{"revision":3,"ke');
  const next = openKeyFile(path);
  await add(next, keys, 3);
  await add(next, keys, 4);
  assert.deepEqual(await readKeyFile(path), { revision: 4, keys });
});

test('changes that somebody took away are made up for', async () => {
  const keys = many(1);
  const file = openKeyFile(path);
  await file.replace({ revision: 1, keys });
  rmSync(`${path}.changes`);
  await assert.rejects(add(file, keys, 2), { code: 'ENOENT' });
  await add(file, keys, 2);
  assert.deepEqual(await readKeyFile(path), { revision: 2, keys });
});

test('changes of another list count for nothing', async () => {
  const file = openKeyFile(path);
  const keys = many(1);
  await file.replace({ revision: 5, keys });
  await add(file, keys, 6);
  const changes = readFileSync(`${path}.changes`);
  // A store that came back from a backup: the crash came before the changes were emptied.
  await file.replace({ revision: 2, keys: many(1) });
  writeFileSync(`${path}.changes`, changes);
  assert.deepEqual(await readKeyFile(path), { revision: 2, keys: many(1) });
});

test('the list of an older version is read', async () => {
  writeFileSync(path, JSON.stringify({ revision: 5, keys: [key(1)] }));
  writeFileSync(`${path}.changes`, '{"revision":6,"keys":[],"removed":[]}\n');
  assert.deepEqual(await readKeyFile(path), {
    revision: 5,
    keys: new Map([[key(1).fingerprint, key(1)]]),
  });
});
