import assert from 'node:assert/strict';
import type { AgentReport } from '../../src/domain/agent-protocol.ts';
import { getSlotState, getTunnelServer, recordReport } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addEverything, addServer, addTunnel } from './seed.ts';

const UP = {
  slot: 1,
  session: 'up',
  session_id: 's1',
  session_key: 'f'.repeat(64),
  session_since: 1000,
  database: 'answers',
  database_at: 1001,
  reason: '',
} as const;

function report(seq: number, overrides: Partial<AgentReport> = {}): AgentReport {
  return {
    boot: 'b1',
    seq,
    applied: 7,
    digest: '0'.repeat(64),
    full: true,
    slots: [],
    ...overrides,
  };
}

testOnEachEngine('a report is what a slot and its server then show', async ({ store }) => {
  const { server, tunnel } = await addEverything(store);
  assert.deepEqual(await getSlotState(store.db, tunnel.id, 1), {
    session: 'unknown',
    session_id: '',
    session_key: '',
    session_since: 0,
    database: 'unprobed',
    database_at: 0,
    reason: '',
    agent_at: null,
  });
  const slots = [{ tunnel: tunnel.id, ...UP }];
  const answer = await recordReport(store, server.id, report(1, { slots }), 5000);
  assert.deepEqual(answer, { accepted: true, full: false });
  const { slot: _, ...up } = UP;
  assert.deepEqual(await getSlotState(store.db, tunnel.id, 1), { ...up, agent_at: 5000 });
  const { applied, reported_at } = (await getTunnelServer(store.db, server.id)) ?? assert.fail();
  assert.deepEqual({ applied, reported_at }, { applied: 7, reported_at: 5000 });
  assert.equal(await getSlotState(store.db, tunnel.id, 2), undefined);
});

testOnEachEngine('late reports change nothing', async ({ store }) => {
  const { server, tunnel } = await addEverything(store);
  const slots = [{ tunnel: tunnel.id, ...UP }];
  await recordReport(store, server.id, report(5, { slots }), 5000);
  for (const seq of [4, 5]) {
    const late = await recordReport(store, server.id, report(seq, { applied: 1 }), 6000);
    assert.deepEqual(late, { accepted: false, full: false });
  }
  assert.equal((await getSlotState(store.db, tunnel.id, 1))?.session, 'up');
  assert.equal((await getTunnelServer(store.db, server.id))?.applied, 7);
});

testOnEachEngine('a new run of an agent starts with a full report', async ({ store }) => {
  const { server } = await addEverything(store);
  const partial = report(9, { boot: 'b2', full: false });
  const refused = { accepted: false, full: true };
  assert.deepEqual(await recordReport(store, server.id, partial), refused);
  await recordReport(store, server.id, report(20));
  assert.deepEqual(await recordReport(store, server.id, partial), refused);
  const full = report(1, { boot: 'b2' });
  assert.equal((await recordReport(store, server.id, full)).accepted, true);
  assert.equal((await recordReport(store, server.id, partial)).accepted, true);
});

testOnEachEngine('a full report puts the slots that it leaves out down', async ({ store }) => {
  const { region, account, server, tunnel } = await addEverything(store);
  const other = await addTunnel(store, region, account);
  const [one, two] = [tunnel, other.tunnel].map(({ id }) => ({ tunnel: id, ...UP }));
  assert.ok(one && two);
  const sessionOf = async (id: string) => (await getSlotState(store.db, id, 1))?.session;
  await recordReport(store, server.id, report(1, { slots: [one, two] }));
  await recordReport(store, server.id, report(2, { slots: [one], full: false }));
  assert.equal(await sessionOf(two.tunnel), 'up');
  await recordReport(store, server.id, report(3, { slots: [one] }));
  assert.equal(await sessionOf(one.tunnel), 'up');
  assert.equal(await sessionOf(two.tunnel), 'down');
});

testOnEachEngine('an agent cannot speak for slots of others', async ({ store }) => {
  const { region, server, tunnel } = await addEverything(store);
  const stranger = await addServer(store, region);
  await recordReport(store, server.id, report(1, { slots: [{ tunnel: tunnel.id, ...UP }] }));
  const lie = { tunnel: tunnel.id, ...UP, session: 'taken', reason: 'port-taken' } as const;
  const unheard = { tunnel: 'tun_none', ...UP };
  await recordReport(store, stranger.id, report(1, { slots: [lie, unheard] }));
  assert.equal((await getSlotState(store.db, tunnel.id, 1))?.session, 'up');
});

testOnEachEngine('a slot twice in a report, and thousands of strange ones', async ({ store }) => {
  const { server, tunnel } = await addEverything(store);
  const strange = Array.from({ length: 2000 }, (_, slot) => ({ tunnel: 'tun_x', ...UP, slot }));
  const down = { tunnel: tunnel.id, ...UP, session: 'down' } as const;
  const slots = [{ tunnel: tunnel.id, ...UP }, ...strange, down];
  await recordReport(store, server.id, report(1, { slots }));
  assert.equal((await getSlotState(store.db, tunnel.id, 1))?.session, 'down');
});
