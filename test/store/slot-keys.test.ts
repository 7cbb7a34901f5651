import assert from 'node:assert/strict';
import {
  findKeyByFingerprint,
  getRegion,
  listSlotKeys,
  listTunnelKeys,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addEverything, addKey, addTunnel, dropKey, freshFingerprint } from './seed.ts';

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
