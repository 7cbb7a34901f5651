import assert from 'node:assert/strict';
import { MAX_SLOTS, type Slot, type Tunnel } from '../../src/domain/tunnel.ts';
import {
  agentKeys,
  findEnrolmentToken,
  getSlot,
  insertKey,
  insertSlot,
  insertTunnel,
  listSlots,
  listTunnelKeys,
  removeSlot,
  type Store,
  setSlotSources,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import {
  addEverything,
  addKey,
  addServer,
  addToken,
  addTunnel,
  changing,
  freshFingerprint,
  freshSlug,
  revisionOf,
  someKey,
} from './seed.ts';

function add(store: Store, tunnel: Tunnel, sources: string[] = []): Promise<Slot> {
  return changing(store, [tunnel.region_id], (trx) => insertSlot(trx, tunnel, sources));
}

function remove(store: Store, slot: Slot) {
  return changing(store, [slot.region_id], (trx) => removeSlot(trx, slot, 5000));
}

function numbers(slots: Slot[]): number[] {
  return slots.map(({ number }) => number);
}

testOnEachEngine('a slot comes back as it was made', async ({ store }) => {
  const { tunnel, slot, server } = await addEverything(store);
  const second = await add(store, tunnel, ['192.0.2.0/24', '2001:db8::/32']);
  assert.deepEqual(second, {
    tunnel_id: tunnel.id,
    number: 2,
    region_id: tunnel.region_id,
    server_id: server.id,
    tunnel_port: slot.tunnel_port + 1,
    sources: ['192.0.2.0/24', '2001:db8::/32'],
  });
  assert.deepEqual(await listSlots(store.db, tunnel.id), [slot, second]);
  assert.deepEqual(await store.slotRevision(tunnel.id, 2), await store.slotRevision(tunnel.id, 1));
});

testOnEachEngine('a tunnel may begin with several', async ({ store }) => {
  const { region, account, tunnel } = await addEverything(store);
  const made = await changing(store, [region.id], (trx, at) =>
    insertTunnel(trx, { ...tunnel, account_id: account.id, slug: freshSlug(), slots: 3 }, at),
  );
  assert.deepEqual(numbers(made.slots), [1, 2, 3]);
  assert.deepEqual(await listSlots(store.db, made.tunnel.id), made.slots);
});

testOnEachEngine('added at once, each has its number and port, up to the limit', async (bench) => {
  const { store } = bench;
  const { tunnel } = await addEverything(store);
  const stores = [store, await bench.open()];
  const results = await Promise.allSettled(
    Array.from({ length: MAX_SLOTS + 2 }, (_, index) => add(stores[index % 2] ?? store, tunnel)),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    ['conflict', 'conflict', 'conflict'],
  );
  const slots = await listSlots(store.db, tunnel.id);
  assert.deepEqual(
    numbers(slots),
    Array.from({ length: MAX_SLOTS }, (_, index) => index + 1),
  );
  assert.equal(new Set(slots.map(({ tunnel_port }) => tunnel_port)).size, MAX_SLOTS);
});

testOnEachEngine(
  'a second slot goes to another server, however full that is',
  async ({ store }) => {
    const { region, account, tunnel, slot } = await addEverything(store);
    const other = await addServer(store, region);
    for (let made = 0; made < 3; made += 1) await addTunnel(store, region, account);
    const before = await listSlots(store.db, tunnel.id);
    assert.deepEqual(before, [slot]);
    const second = await add(store, tunnel);
    assert.equal(second.server_id, other.id);
  },
);

testOnEachEngine('removed, it takes keys and tokens along and frees nothing', async ({ store }) => {
  const { server, tunnel, slot } = await addEverything(store);
  const second = await add(store, tunnel);
  const kept = await addKey(store, tunnel);
  const own = await changing(store, [tunnel.region_id], (trx, at) =>
    insertKey(
      trx,
      { ...someKey(tunnel), slot: 2, fingerprint: freshFingerprint(), confirmed: true },
      at,
    ),
  );
  const token = await addToken(store, tunnel, { slot: 2 });
  const keptToken = await addToken(store, tunnel);
  const revision = await revisionOf(store, tunnel.region_id);
  assert.deepEqual(await remove(store, second), {
    fingerprints: [own.key.fingerprint],
    tokens: [token],
  });

  assert.equal(await getSlot(store.db, tunnel.id, 2), undefined);
  assert.deepEqual(await listSlots(store.db, tunnel.id), [slot]);
  assert.equal(await store.slotRevision(tunnel.id, 2), undefined);
  assert.deepEqual(
    (await listTunnelKeys(store.db, tunnel.id)).map(({ removed_at }) => removed_at),
    [null, 5000],
  );
  assert.equal((await findEnrolmentToken(store.db, token))?.revoked_at, 5000);
  assert.equal((await findEnrolmentToken(store.db, keptToken))?.revoked_at, null);
  const heard = await agentKeys(store.db, server.id, revision);
  assert.deepEqual(heard?.removed, [own.key.fingerprint]);
  const all = await agentKeys(store.db, server.id, 0);
  assert.deepEqual(
    all?.keys.map(({ fingerprint }) => fingerprint),
    [kept.fingerprint],
  );
  const third = await add(store, tunnel);
  assert.deepEqual([third.number, third.tunnel_port], [3, second.tunnel_port + 1]);
  await assert.rejects(remove(store, slot), { code: 'conflict', field: 'slot' });
});

testOnEachEngine('its sources reach the agent with each of its keys', async ({ store }) => {
  const { server, tunnel, slot } = await addEverything(store);
  const second = await add(store, tunnel);
  const { fingerprint } = await addKey(store, tunnel);
  const since = await revisionOf(store, tunnel.region_id);
  const sources = ['192.0.2.0/24'];
  for (const change of [
    { ...second, sources },
    { ...slot, sources },
  ]) {
    await changing(store, [slot.region_id], (trx) => setSlotSources(trx, change));
  }
  assert.deepEqual((await getSlot(store.db, tunnel.id, 1))?.sources, sources);
  const heard = await agentKeys(store.db, server.id, since + 1);
  assert.deepEqual(
    heard?.keys.map((key) => [key.fingerprint, key.sources]),
    [[fingerprint, sources]],
  );
  await changing(store, [slot.region_id], (trx) => setSlotSources(trx, slot));
  assert.deepEqual((await agentKeys(store.db, server.id, since + 2))?.keys[0]?.sources, []);
});
