import assert from 'node:assert/strict';
import { recordReport, removeTunnel, takeCensus } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addEverything, addKey, addServer, addTunnel, changing } from './seed.ts';

const NOW = 10_000_000;
const state = (session: 'up' | 'down', database: 'answers' | 'refuses' | 'unprobed') => {
  const is_up = session === 'up';
  return {
    slot: 1,
    session,
    session_id: is_up ? 's' : '',
    session_key: is_up ? 'f'.repeat(64) : '',
    session_since: is_up ? 1 : 0,
    database,
    database_at: 1,
    reason: '' as const,
  };
};

testOnEachEngine('the census counts what there is, as the states say it', async ({ store }) => {
  const { region, server, account, tunnel } = await addEverything(store);
  const silent = await addServer(store, region);
  const tunnels = [tunnel];
  for (let number = 0; number < 5; number += 1) {
    tunnels.push((await addTunnel(store, region, account)).tunnel);
  }
  const [up, down, refused, without, removed] = tunnels as [
    typeof tunnel,
    typeof tunnel,
    typeof tunnel,
    typeof tunnel,
    typeof tunnel,
  ];
  // All on one server: the other one has said nothing.
  await store.db.updateTable('slot').set({ server_id: server.id }).execute();
  for (const each of [up, down, refused, removed]) await addKey(store, each);
  await recordReport(
    store,
    server.id,
    {
      boot: 'b',
      seq: 1,
      applied: 1,
      digest: '0'.repeat(64),
      full: true,
      slots: [
        { tunnel: up.id, ...state('up', 'answers') },
        { tunnel: refused.id, ...state('up', 'refuses') },
        { tunnel: removed.id, ...state('up', 'answers') },
      ],
    },
    NOW,
  );
  await changing(store, [region.id], (trx, at) => removeTunnel(trx, removed.id, at));

  const { slots, unenrolled, servers, ports } = await takeCensus(store.db, NOW + 5000);
  assert.deepEqual(slots, [
    { session: 'down', database: 'unprobed', slots: 1 },
    { session: 'up', database: 'answers', slots: 1 },
    { session: 'up', database: 'refuses', slots: 1 },
  ]);
  assert.equal(unenrolled, 2, without.id);
  assert.deepEqual(ports, [{ region: region.slug, all: 10_000, taken: 6 }]);
  assert.deepEqual(
    servers.map(({ host, joined, reported_at }) => [host, joined, reported_at]).sort(),
    [
      [server.host, true, NOW],
      [silent.host, true, null],
    ].sort(),
  );

  const later = await takeCensus(store.db, NOW + 31_000);
  assert.deepEqual(
    later.slots.map(({ session, slots: count }) => [session, count]),
    [
      ['unknown', 1],
      ['unknown', 1],
      ['unknown', 1],
    ],
  );
});
