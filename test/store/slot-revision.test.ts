import assert from 'node:assert/strict';
import { removeTunnel } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addEverything, addKey, changing } from './seed.ts';

testOnEachEngine('a slot has the revision of its region, at once', async ({ store, open }) => {
  const { region, tunnel } = await addEverything(store);
  const other = await open();
  for (let round = 0; round < 3; round += 1) {
    await changing(store, [region.id], async () => {});
    for (const instance of [store, other]) {
      const { revision } = await store.db
        .selectFrom('region')
        .select('revision')
        .executeTakeFirstOrThrow();
      assert.equal((await instance.slotRevision(tunnel.id, 1))?.revision, revision);
    }
  }
  assert.equal(
    (await store.slotRevision(tunnel.id, 1))?.revision,
    (await addKey(store, tunnel)).revision - 1,
  );
});

testOnEachEngine('neither strange slots nor removed tunnels have one', async ({ store }) => {
  const { region, tunnel } = await addEverything(store);
  assert.equal(await store.slotRevision(tunnel.id, 2), undefined);
  assert.equal(await store.slotRevision('tun_none', 1), undefined);
  await changing(store, [region.id], (trx, at) => removeTunnel(trx, tunnel.id, at));
  assert.equal(await store.slotRevision(tunnel.id, 1), undefined);
});

testOnEachEngine('what is not committed is not seen', async ({ store }) => {
  const { region, tunnel } = await addEverything(store);
  const before = await store.slotRevision(tunnel.id, 1);
  await changing(store, [region.id], async (trx) => {
    await trx.updateTable('region').set({ revision: 1_000_000 }).execute();
    assert.deepEqual({ ...(await store.slotRevision(tunnel.id, 1)) }, { ...before });
  });
  assert.equal((await store.slotRevision(tunnel.id, 1))?.revision, 1_000_001);
});
