import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fetchState } from '../../src/agent/control-plane.ts';
import { followState } from '../../src/agent/keys/follow-state.ts';
import { openKeyFolder } from '../../src/agent/keys/key-folder.ts';
import { KeyList } from '../../src/agent/keys/key-list.ts';
import { enrolStatement } from '../../src/domain/proof.ts';
import { parseToken } from '../../src/domain/token.ts';
import { getRegion, openStore, type Store, serverFingerprints } from '../../src/store/index.ts';
import { runCommand } from '../support/bed/command.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { send } from './support/balancer.ts';
import { type Cluster, makePlace, newTunnel, type Place, startCluster } from './support/cluster.ts';
import { startInstance } from './support/instance.ts';
import { makeNodeKey } from './support/node-key.ts';

const CONVERGES_WITHIN_MS = 60_000;

async function run(...words: string[]): Promise<void> {
  const { code, stderr } = await runCommand(words);
  assert.equal(code, 0, stderr);
}

/** As docs/operations.md says; the second gives what brings the store back. */
const BACKUP = {
  async sqlite(url: string, copy: string) {
    const file = url.slice('sqlite:'.length);
    await run('sqlite3', file, `vacuum into '${copy}'`);
    return async () => {
      for (const end of ['', '-wal', '-shm']) await rm(`${file}${end}`, { force: true });
      await copyFile(copy, file);
    };
  },
  async postgres(url: string, copy: string) {
    await run('pg_dump', '--format=custom', `--file=${copy}`, url);
    return () =>
      run('pg_restore', '--clean', '--if-exists', '--single-transaction', `--dbname=${url}`, copy);
  },
};

/** Enrols a key for a new tunnel and gives its fingerprint. */
async function enrol({ api, call }: Cluster, place: Place, slug: string): Promise<string> {
  const body = { ...newTunnel(place, slug), issue_token: true };
  const { id, token } = await api('POST', '/v1/tunnels', body);
  const key = makeNodeKey();
  const { status } = await call({
    method: 'POST',
    path: `/t/${id}/v1/enrol`,
    token,
    body: {
      slot: 1,
      public_key: key.publicKey,
      proof: key.prove(enrolStatement(id, 1, parseToken('enrolment', token)?.id ?? '')),
      render: 'a'.repeat(64),
      platform: 'linux',
    },
  });
  assert.equal(status, 200);
  return key.fingerprint;
}

async function revisionOf(store: Store, { region }: Place): Promise<number> {
  return (await getRegion(store.db, region))?.revision ?? 0;
}

/** What is done to the restored store before the agent asks again, by the lost revision. */
const AFTERWARDS = {
  'is behind the agent': 0,
  'has come to the very revision of the agent': 1,
  'has gone past the agent': 3,
};

for (const [how, changes] of Object.entries(AFTERWARDS)) {
  testOnEachEngine(`an agent follows a restored store that ${how}`, async ({ url, store }) => {
    const folder = await mkdtemp(join(tmpdir(), 'culvert-restore-'));
    await using stack = new AsyncDisposableStack();
    stack.defer(() => rm(folder, { recursive: true }));
    await using cluster = await startCluster({ stores: [url] });
    const [instance] = cluster.instances;
    if (!instance) throw new Error('an instance is needed');
    const place = await makePlace(cluster, 100);
    const kept = await enrol(cluster, place, 'kept');

    // A folder of its own: what is no key there is cleared away.
    const keyFolder = join(folder, 'keys');
    await mkdir(keyFolder);
    const keys = await KeyList.open(join(folder, 'list'), await openKeyFolder(keyFolder));
    const stop = new AbortController();
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const following = followState({
      keys,
      fetchState: (known) => fetchState(instance.url, place.credential, known, stop.signal),
      onRemoved: () => {},
      onApplied: () => {},
      signal: stop.signal,
      log,
    });
    stack.defer(async () => {
      stop.abort();
      await following.catch(() => {});
    });
    const has = async (wanted: string[]) => {
      const sorted = wanted.toSorted();
      const end = Date.now() + CONVERGES_WITHIN_MS;
      for (;;) {
        const found = [...keys.all()].map(({ fingerprint }) => fingerprint).sort();
        if (JSON.stringify(found) === JSON.stringify(sorted)) return;
        assert.ok(Date.now() < end, `the agent has ${found}, not ${sorted}`);
        await delay(50);
      }
    };
    await has([kept]);

    const restore = await BACKUP[store.engine](url, join(folder, 'backup'));
    const lost = await enrol(cluster, place, 'lost');
    await has([kept, lost]);
    const revision = await revisionOf(store, place);

    await instance.kill();
    await cluster.store.close();
    await store.close();
    await restore();
    // Changes before the agent's next question: made at another address, which it does not know.
    const added: string[] = [];
    if (changes > 0) {
      const other = await startInstance(url);
      const elsewhere = { ...cluster, ...callsOf(other.url, cluster.adminToken) };
      for (let made = 0; made < changes; made += 1) {
        added.push(await enrol(elsewhere, place, `added-${made}`));
      }
      await other.kill();
    }
    const restored = await openStore(url);
    stack.defer(() => restored.close());
    assert.equal(Math.sign((await revisionOf(restored, place)) - revision), Math.sign(changes - 1));
    await instance.start();

    await has([kept, ...added]);
    const { fingerprints } = (await serverFingerprints(restored.db, place.server)) ?? {
      fingerprints: [],
    };
    assert.deepEqual(fingerprints, [kept, ...added].sort());
  });
}

function callsOf(url: string, adminToken: string): Pick<Cluster, 'api' | 'call'> {
  const call: Cluster['call'] = async (call) => ({ ...(await send(url, call)), lost: 0 });
  return {
    call,
    api: async (method, path, body) =>
      (await call({ method, path, token: adminToken, ...(body && { body }) })).body,
  };
}
