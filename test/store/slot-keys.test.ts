import assert from 'node:assert/strict';
import type { Tunnel } from '../../src/domain/tunnel.ts';
import {
  agentKeys,
  confirmKey,
  findKeyByFingerprint,
  getRegion,
  insertKey,
  listSlotKeys,
  listTunnelKeys,
  type Store,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import {
  addEverything,
  addKey,
  addTunnel,
  changing,
  dropKey,
  freshFingerprint,
  revisionOf,
  someKey,
} from './seed.ts';

/** A key that takes the place of those before it. */
function replace(
  store: Store,
  tunnel: Tunnel,
  confirmed: boolean,
  fingerprint = freshFingerprint(),
) {
  const key = { ...someKey(tunnel), fingerprint, confirmed, replaces: true };
  return changing(store, [tunnel.region_id], (trx, at) => insertKey(trx, key, at));
}

function confirm(store: Store, tunnel: Tunnel, fingerprint: string) {
  return changing(store, [tunnel.region_id], (trx, at) =>
    confirmKey(trx, tunnel.id, fingerprint, at),
  );
}

async function present(store: Store, tunnel: Tunnel): Promise<string[]> {
  return (await listSlotKeys(store.db, tunnel.id, 1)).map(({ fingerprint }) => fingerprint);
}

testOnEachEngine('a key carries the revision that its change gave', async ({ store }) => {
  const { region, tunnel } = await addEverything(store);
  const key = await addKey(store, tunnel);
  assert.equal(key.revision, (await getRegion(store.db, region.id))?.revision);
  assert.deepEqual(await findKeyByFingerprint(store.db, key.fingerprint), key);
  assert.deepEqual(await listSlotKeys(store.db, tunnel.id, 1), [key]);
  assert.equal(key.confirmed_at, key.created_at);
  assert.equal((await addKey(store, tunnel, freshFingerprint(), false)).confirmed_at, null);
});

testOnEachEngine('the same key again is the key that is there', async ({ store }) => {
  const { tunnel } = await addEverything(store);
  const key = await addKey(store, tunnel);
  assert.deepEqual(await addKey(store, tunnel, key.fingerprint), key);
  assert.deepEqual(await listTunnelKeys(store.db, tunnel.id), [key]);
});

testOnEachEngine('a fingerprint belongs to one tunnel for good', async ({ store }) => {
  const { region, account, tunnel } = await addEverything(store);
  const near = await addTunnel(store, region, account);
  const far = await addEverything(store);
  const { fingerprint } = await addKey(store, tunnel);
  for (const removed of [false, true]) {
    if (removed) assert.ok(await dropKey(store, tunnel, fingerprint));
    for (const other of [near.tunnel, far.tunnel]) {
      await assert.rejects(addKey(store, other, fingerprint), { code: 'key-elsewhere' });
    }
  }
  await assert.rejects(addKey(store, tunnel, fingerprint), { code: 'key-removed' });
  const row = await store.db.selectFrom('slot_key').selectAll().executeTakeFirstOrThrow();
  const copy = store.db.insertInto('slot_key').values({ ...row, id: 'key_copy' });
  await assert.rejects(copy.execute(), /unique/i);
});

testOnEachEngine('one key, two regions at once: one has it', async ({ store, open }) => {
  const [one, other] = [await addEverything(store), await addEverything(store)];
  const second = await open();
  for (let round = 0; round < 5; round += 1) {
    const fingerprint = freshFingerprint();
    const results = await Promise.allSettled([
      addKey(store, one.tunnel, fingerprint),
      addKey(second, other.tunnel, fingerprint),
    ]);
    const lost = results.filter((result) => result.status === 'rejected');
    assert.deepEqual(
      lost.map(({ reason }) => reason.code),
      ['key-elsewhere'],
    );
    const owner = results[0].status === 'fulfilled' ? one.tunnel : other.tunnel;
    assert.ok(await dropKey(store, owner, fingerprint));
  }
});

testOnEachEngine('a slot takes two keys, and a third once one is gone', async ({ store, open }) => {
  const { tunnel } = await addEverything(store);
  const second = await open();
  const results = await Promise.allSettled(
    [store, second, store, second].map((instance) => addKey(instance, tunnel)),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    ['slot-full', 'slot-full'],
  );
  const [oldest] = await listSlotKeys(store.db, tunnel.id, 1);
  await dropKey(store, tunnel, oldest?.fingerprint ?? '');
  await addKey(store, tunnel);
  assert.equal((await listSlotKeys(store.db, tunnel.id, 1)).length, 2);
  assert.equal((await listTunnelKeys(store.db, tunnel.id)).length, 3);
});

testOnEachEngine('only its own tunnel removes a key, and once', async ({ store }) => {
  const { tunnel } = await addEverything(store);
  const other = await addEverything(store);
  const { fingerprint } = await addKey(store, tunnel);
  assert.equal(await dropKey(store, other.tunnel, fingerprint), undefined);
  assert.equal(await dropKey(store, tunnel, freshFingerprint()), undefined);
  assert.ok(await dropKey(store, tunnel, fingerprint));
  assert.equal(await dropKey(store, tunnel, fingerprint), undefined);
});

testOnEachEngine('a key that replaces takes the place of all others at once', async ({ store }) => {
  const { server, tunnel } = await addEverything(store);
  const old = [await addKey(store, tunnel), await addKey(store, tunnel, freshFingerprint(), false)];
  const since = await revisionOf(store, tunnel.region_id);
  const { key, replaced } = await replace(store, tunnel, true);
  assert.deepEqual(
    replaced.map(({ id }) => id),
    old.map(({ id }) => id),
  );
  assert.deepEqual(await present(store, tunnel), [key.fingerprint]);
  const heard = await agentKeys(store.db, server.id, since);
  assert.deepEqual(
    heard?.keys.map(({ fingerprint }) => fingerprint),
    [key.fingerprint],
  );
  assert.deepEqual(heard?.removed, [old[0]?.fingerprint]);
  // The same again is no replacement.
  assert.deepEqual(await replace(store, tunnel, true, key.fingerprint), { key, replaced: [] });
});

testOnEachEngine('of several that replace at once, the last one stays', async ({ store, open }) => {
  const { server, tunnel } = await addEverything(store);
  const stores = [store, await open()];
  const made = await Promise.all(
    Array.from({ length: 8 }, (_, index) => replace(stores[index % 2] ?? store, tunnel, true)),
  );
  const last = made.map(({ key }) => key).reduce((a, b) => (a.revision > b.revision ? a : b));
  assert.deepEqual(await present(store, tunnel), [last.fingerprint]);
  assert.equal(made.flatMap(({ replaced }) => replaced).length, 7);
  const heard = await agentKeys(store.db, server.id, 0);
  assert.deepEqual(
    heard?.keys.map(({ fingerprint }) => fingerprint),
    [last.fingerprint],
  );
});

testOnEachEngine('while it waits, it replaces only what waits', async ({ store }) => {
  const { server, tunnel } = await addEverything(store);
  const live = await addKey(store, tunnel);
  const first = await replace(store, tunnel, false);
  const second = await replace(store, tunnel, false);
  assert.deepEqual(
    second.replaced.map(({ id }) => id),
    [first.key.id],
  );
  assert.deepEqual(await present(store, tunnel), [live.fingerprint, second.key.fingerprint]);

  const since = await revisionOf(store, tunnel.region_id);
  const confirmed = await confirm(store, tunnel, second.key.fingerprint);
  assert.deepEqual(
    confirmed?.replaced.map(({ id }) => id),
    [live.id],
  );
  assert.deepEqual(await present(store, tunnel), [second.key.fingerprint]);
  const heard = await agentKeys(store.db, server.id, since);
  assert.deepEqual(heard?.removed, [live.fingerprint]);
  assert.equal(heard?.keys[0]?.fingerprint, second.key.fingerprint);
});

testOnEachEngine('the vendor confirms a key once, and only their own', async ({ store }) => {
  const { region, server, tunnel } = await addEverything(store);
  const other = await addEverything(store);
  const beside = await addKey(store, tunnel);
  const { fingerprint } = await addKey(store, tunnel, freshFingerprint(), false);
  assert.equal(await confirm(store, other.tunnel, fingerprint), undefined);
  assert.equal(await confirm(store, tunnel, freshFingerprint()), undefined);
  const confirmed = await confirm(store, tunnel, fingerprint);
  assert.deepEqual([confirmed?.changed, confirmed?.replaced], [true, []]);
  assert.equal(confirmed?.key.revision, (await getRegion(store.db, region.id))?.revision);
  assert.notEqual(confirmed?.key.confirmed_at, null);
  assert.equal((await agentKeys(store.db, server.id, 0))?.keys.length, 2);
  assert.deepEqual(await present(store, tunnel), [beside.fingerprint, fingerprint]);

  const again = await confirm(store, tunnel, fingerprint);
  assert.equal(again?.changed, false);
  assert.equal(again?.key.revision, confirmed?.key.revision);
  await dropKey(store, tunnel, fingerprint);
  assert.equal(await confirm(store, tunnel, fingerprint), undefined);
});
