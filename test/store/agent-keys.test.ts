import assert from 'node:assert/strict';
import { agentKeys, removeTunnel, type Store, serverFingerprints } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import {
  addEverything,
  addKey,
  addServer,
  addTunnel,
  changing,
  dropKey,
  freshFingerprint,
} from './seed.ts';

async function changesOf(store: Store, server: { id: string }, since: number) {
  const { revision, keys, removed } =
    (await agentKeys(store.db, server.id, since)) ?? assert.fail();
  return { revision, added: keys.map(({ fingerprint }) => fingerprint), removed };
}

testOnEachEngine('an agent hears of its keys with their slots', async ({ store }) => {
  const { server, tunnel, slot } = await addEverything(store);
  const key = await addKey(store, tunnel);
  assert.deepEqual(await agentKeys(store.db, server.id, 0), {
    revision: key.revision,
    keys: [
      {
        fingerprint: key.fingerprint,
        type: key.type,
        blob: key.blob,
        tunnel_id: tunnel.id,
        slot: 1,
        tunnel_port: slot.tunnel_port,
        sources: [],
        database: tunnel.database,
      },
    ],
    removed: [],
  });
  assert.equal(await agentKeys(store.db, 'srv_none', 0), undefined);
});

testOnEachEngine('after a revision it hears what changed since', async ({ store }) => {
  const { region, account, server, tunnel } = await addEverything(store);
  const old = await addKey(store, tunnel);
  const start = old.revision;
  assert.deepEqual(await changesOf(store, server, start), {
    revision: start,
    added: [],
    removed: [],
  });

  const fresh = await addKey(store, tunnel);
  await dropKey(store, tunnel, old.fingerprint);
  const short = await addTunnel(store, region, account);
  const passing = await addKey(store, short.tunnel);
  await changing(store, [region.id], (trx, at) => removeTunnel(trx, short.tunnel.id, at));
  const now = await changesOf(store, server, start);
  assert.deepEqual(now, {
    revision: start + 5,
    added: [fresh.fingerprint],
    removed: [old.fingerprint, passing.fingerprint].sort(),
  });
  assert.deepEqual(await changesOf(store, server, now.revision), {
    revision: now.revision,
    added: [],
    removed: [],
  });
  // From nothing there is nothing to remove.
  assert.deepEqual(await changesOf(store, server, 0), { ...now, removed: [] });
  assert.deepEqual(await serverFingerprints(store.db, server.id), {
    revision: now.revision,
    fingerprints: [fresh.fingerprint],
  });
});

testOnEachEngine('a key that waits for the vendor is not handed out', async ({ store }) => {
  const { server, tunnel } = await addEverything(store);
  const { fingerprint } = await addKey(store, tunnel, freshFingerprint(), false);
  assert.deepEqual((await changesOf(store, server, 0)).added, []);
  await dropKey(store, tunnel, fingerprint);
  assert.deepEqual((await changesOf(store, server, 1)).removed, []);
});

testOnEachEngine('an agent hears of no key that is placed elsewhere', async ({ store }) => {
  const { region, account, server, tunnel } = await addEverything(store);
  const neighbour = await addServer(store, region);
  const other = await addTunnel(store, region, account);
  assert.equal(other.slot.server_id, neighbour.id);
  const mine = await addKey(store, tunnel);
  const theirs = await addKey(store, other.tunnel);
  assert.deepEqual((await changesOf(store, server, 0)).added, [mine.fingerprint]);
  assert.deepEqual((await changesOf(store, neighbour, 0)).added, [theirs.fingerprint]);
  await dropKey(store, other.tunnel, theirs.fingerprint);
  assert.deepEqual((await changesOf(store, server, theirs.revision)).removed, []);
});
