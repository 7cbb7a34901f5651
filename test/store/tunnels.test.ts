import assert from 'node:assert/strict';
import {
  findEnrolmentToken,
  getSlot,
  getTunnel,
  insertTunnel,
  insertTunnelServer,
  listSlots,
  listTunnelKeys,
  removeTunnel,
  tunnelRemovedAt,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import {
  addAccount,
  addEverything,
  addKey,
  addRegion,
  addServer,
  addToken,
  addTunnel,
  changing,
} from './seed.ts';

testOnEachEngine('a tunnel comes back as it was made, with slot 1', async ({ store }) => {
  const { region, server, tunnel, slot } = await addEverything(store);
  assert.deepEqual(await getTunnel(store.db, tunnel.id), tunnel);
  assert.deepEqual(tunnel.database, { type: 'postgresql', host: 'db.example', port: 5432 });
  assert.deepEqual(slot, {
    tunnel_id: tunnel.id,
    number: 1,
    region_id: region.id,
    server_id: server.id,
    tunnel_port: region.first_tunnel_port,
    sources: [],
  });
  assert.deepEqual(await getSlot(store.db, tunnel.id, 1), slot);
  assert.deepEqual(await listSlots(store.db, tunnel.id), [slot]);
  assert.equal(await getSlot(store.db, tunnel.id, 2), undefined);
  assert.equal(await tunnelRemovedAt(store.db, tunnel.id), undefined);
});

testOnEachEngine('64 tunnels at once get 64 ports, without a gap', async ({ store, open }) => {
  const region = await addRegion(store, [20000, 20063]);
  await addServer(store, region);
  const account = await addAccount(store);
  const stores = [store, await open(), await open()];
  const made = await Promise.all(
    Array.from({ length: 64 }, (_, index) =>
      addTunnel(stores[index % stores.length] ?? store, region, account),
    ),
  );
  const ports = made.map(({ slot }) => slot.tunnel_port).sort((a, b) => a - b);
  assert.deepEqual(
    ports,
    Array.from({ length: 64 }, (_, index) => 20000 + index),
  );
  await assert.rejects(addTunnel(store, region, account), { code: 'ports-exhausted' });
});

testOnEachEngine('two regions may give out the same port', async ({ store }) => {
  const [one, other] = [await addEverything(store), await addEverything(store)];
  assert.equal(one.slot.tunnel_port, other.slot.tunnel_port);
});

testOnEachEngine('a port cannot be given twice, whoever writes', async ({ store }) => {
  const { slot } = await addEverything(store);
  const { sources: _, ...row } = slot;
  const twice = store.db.insertInto('slot').values({ ...row, number: 2 });
  await assert.rejects(twice.execute(), /unique/i);
});

testOnEachEngine('a region without a joined server has no place', async ({ store }) => {
  const region = await addRegion(store);
  const account = await addAccount(store);
  await changing(store, [region.id], (trx, at) =>
    insertTunnelServer(trx, region.id, { host: 'late', aliases: [] }, { id: 'x', hash: '' }, at),
  );
  await assert.rejects(addTunnel(store, region, account), { code: 'region-empty' });
});

testOnEachEngine('tunnels spread over the servers of their region', async ({ store }) => {
  const region = await addRegion(store);
  const servers = [await addServer(store, region), await addServer(store, region)];
  const account = await addAccount(store);
  const chosen = [];
  for (let made = 0; made < 4; made += 1) {
    chosen.push((await addTunnel(store, region, account)).slot.server_id);
  }
  for (const { id } of servers) assert.equal(chosen.filter((server) => server === id).length, 2);
});

testOnEachEngine('an unknown account is named', async ({ store }) => {
  const { region } = await addEverything(store);
  const attempt = addTunnel(store, region, { id: 'acc_none' });
  await assert.rejects(attempt, { code: 'not-found', field: 'account' });
});

testOnEachEngine('removing takes keys and tokens along, and frees no name', async ({ store }) => {
  const { region, account, tunnel, slot } = await addEverything(store);
  const token = await addToken(store, tunnel);
  const { fingerprint } = await addKey(store, tunnel);
  const removed = await changing(store, [region.id], (trx) => removeTunnel(trx, tunnel.id, 5000));
  assert.deepEqual(removed, { tunnel, fingerprints: [fingerprint], tokens: [token] });

  assert.equal(await getTunnel(store.db, tunnel.id), undefined);
  assert.equal(await tunnelRemovedAt(store.db, tunnel.id), 5000);
  assert.deepEqual(
    (await listTunnelKeys(store.db, tunnel.id)).map(({ removed_at }) => removed_at),
    [5000],
  );
  assert.equal((await findEnrolmentToken(store.db, token))?.revoked_at, 5000);
  const next = await addTunnel(store, region, account);
  assert.equal(next.slot.tunnel_port, slot.tunnel_port + 1);
  const again = changing(store, [region.id], (trx) => insertTunnel(trx, tunnel, 0));
  await assert.rejects(again, { code: 'exists', field: 'slug' });
  const twice = changing(store, [region.id], (trx) => removeTunnel(trx, tunnel.id, 6000));
  await assert.rejects(twice, { code: 'not-found' });
});
