import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readKeyFile } from '../../src/agent/keys/key-file.ts';
import { openKeyFolder } from '../../src/agent/keys/key-folder.ts';
import { KeyList } from '../../src/agent/keys/key-list.ts';
import type { AgentKey } from '../../src/domain/agent-protocol.ts';
import { keysDigest } from '../../src/domain/keys-digest.ts';
import { opensshFingerprint } from '../../src/domain/public-key.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'culvert-keys-'));
  folder = join(parent, 'keys');
  await mkdir(folder);
  await chmod(folder, 0o2750);
});
afterEach(() => rm(parent, { recursive: true }));

const key = (number: number): AgentKey => ({
  fingerprint: createHash('sha256').update(`${number}`).digest('hex'),
  tunnel: 'tun_x',
  slot: 1,
  port: 20_000 + number,
  line: `restrict ssh-ed25519 AAAA${number} tun_x`,
  database: 'tcp',
});
const pathOf = ({ fingerprint }: AgentKey) => join(folder, opensshFingerprint(fingerprint));
/** A key whose fingerprint has a slash in its base64. */
const withSlash = () =>
  Array.from({ length: 100 }, (_, number) => key(number)).find((one) =>
    opensshFingerprint(one.fingerprint).includes('/'),
  ) as AgentKey;

test('a key is a file named as sshd prints its fingerprint, readable by group only', async () => {
  const keys = await openKeyFolder(folder);
  const one = withSlash();
  const umask = process.umask(0o077);
  await keys.put(one);
  process.umask(umask);
  assert.equal(await readFile(pathOf(one), 'latin1'), `${one.line}\n`);
  assert.equal((await stat(pathOf(one))).mode & 0o777, 0o640);
  assert.equal((await stat(dirname(pathOf(one)))).mode & 0o7777, 0o2750);
  await keys.remove(one.fingerprint);
  assert.equal(await keys.has(one.fingerprint), false);
});

test('filling removes strangers and mends what differs', async () => {
  const keys = await openKeyFolder(folder);
  const [kept, changed, gone] = [key(1), key(2), key(3)];
  await keys.fill([kept, changed, gone]);
  await writeFile(pathOf(changed), 'something else');
  await writeFile(join(folder, 'stranger'), 'ssh-ed25519 AAAA');
  const { mtimeMs } = await stat(pathOf(kept));
  await keys.fill([kept, changed]);
  assert.equal(await readFile(pathOf(changed), 'latin1'), `${changed.line}\n`);
  assert.equal((await stat(pathOf(kept))).mtimeMs, mtimeMs);
  assert.equal(await keys.has(gone.fingerprint), false);
  await assert.rejects(stat(join(folder, 'stranger')));
});

test('a change is refused when the result is not what the control plane has', async () => {
  const keys = await openKeyFolder(folder);
  const list = await KeyList.open(join(parent, 'list'), keys);
  const [one, two] = [key(1), key(2)];
  const added = { revision: 1, full: false, keys: [one], removed: [] };
  assert.equal(await list.apply({ ...added, digest: keysDigest([two.fingerprint]) }), false);
  assert.equal(await keys.has(one.fingerprint), false);
  assert.equal(await list.apply({ ...added, digest: keysDigest([one.fingerprint]) }), true);
  assert.equal(list.revision, 1);

  // A line that holds a second key is no key.
  const twice = { ...two, line: `${two.line}\nssh-ed25519 AAAA` };
  const digest = keysDigest([one.fingerprint, two.fingerprint]);
  const hostile = { revision: 2, full: true, keys: [one, twice], removed: [], digest };
  assert.equal(await list.apply(hostile), false);
});

test('the list outlives the agent, and the folder is made from it', async () => {
  const one = key(1);
  const list = await KeyList.open(join(parent, 'list'), await openKeyFolder(folder));
  const digest = keysDigest([one.fingerprint]);
  await list.apply({ revision: 7, full: true, keys: [one], removed: [], digest });
  await rm(pathOf(one));
  const next = await KeyList.open(join(parent, 'list'), await openKeyFolder(folder));
  assert.deepEqual([next.revision, next.digest], [7, digest]);
  assert.equal(await readFile(pathOf(one), 'latin1'), `${one.line}\n`);
});

test('a removed key lets nobody in before the list is on disk', async () => {
  const [kept, gone] = [key(1), key(2)];
  const keys = await openKeyFolder(folder);
  const path = join(parent, 'list');
  const list = await KeyList.open(path, keys);
  const digestOf = (...some: AgentKey[]) => keysDigest(some.map(({ fingerprint }) => fingerprint));
  const both = { revision: 1, full: true, keys: [kept, gone], removed: [] };
  await list.apply({ ...both, digest: digestOf(kept, gone) });
  const firstLine = statSync(`${path}.changes`).size;
  const told: string[] = [];
  const saved = async () => [...((await readKeyFile(path))?.keys.keys() ?? [])];
  await list.apply(
    { revision: 2, full: false, keys: [], removed: [gone.fingerprint], digest: digestOf(kept) },
    (some) => {
      assert.equal(existsSync(pathOf(gone)), false);
      assert.match(readFileSync(path, 'utf8'), new RegExp(gone.fingerprint));
      assert.equal(statSync(`${path}.changes`).size, firstLine);
      told.push(...some.map(({ fingerprint }) => fingerprint));
    },
  );
  assert.deepEqual(told, [gone.fingerprint]);
  assert.deepEqual(await saved(), [kept.fingerprint]);
});
