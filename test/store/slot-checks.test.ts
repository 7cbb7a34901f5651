import assert from 'node:assert/strict';
import type { CheckReport } from '../../src/domain/agent-protocol.ts';
import { answerCheck, askForCheck, getCheck, takeChecks } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addEverything, addServer, addTunnel } from './seed.ts';

const SECOND = 1000;
const ANSWER: CheckReport = {
  key: true,
  session: 'down',
  session_key: '',
  session_since: 0,
  address: '',
  port: 'nothing',
  database: 'unprobed',
  database_at: 0,
  reason: '',
  fresh: true,
  said: 'connect failed: \\x1b',
};

testOnEachEngine('a check is asked, taken once, and answered once', async ({ store }) => {
  const { server, slot } = await addEverything(store);
  const asked = await askForCheck(store, slot, 1000);
  assert.match(asked.id, /^chk_/);
  assert.deepEqual([asked.taken, asked.answered_at, asked.answer], [false, null, null]);
  const taken = await Promise.all([1, 2, 3].map(() => takeChecks(store, server.id, 1100)));
  const one = { id: asked.id, tunnel: slot.tunnel_id, slot: 1 };
  assert.deepEqual(taken.flat(), [one]);
  assert.equal((await getCheck(store.db, slot.tunnel_id, 1))?.taken, true);
  await answerCheck(store, server.id, asked.id, ANSWER, 1200);
  await answerCheck(store, server.id, asked.id, { ...ANSWER, key: false }, 1300);
  const answered = await getCheck(store.db, slot.tunnel_id, 1);
  assert.deepEqual([answered?.answered_at, answered?.answer], [1200, ANSWER]);
});

testOnEachEngine('another tunnel server neither hears of a check nor answers it', async (bench) => {
  const { store } = bench;
  const { region, slot } = await addEverything(store);
  const stranger = await addServer(store, region);
  const { id } = await askForCheck(store, slot, 1000);
  assert.deepEqual(await takeChecks(store, stranger.id, 1100), []);
  await answerCheck(store, stranger.id, id, ANSWER, 1200);
  assert.equal((await getCheck(store.db, slot.tunnel_id, 1))?.answer, null);
});

testOnEachEngine('many who ask at once, at several instances, ask for one check', async (bench) => {
  const { store } = bench;
  const { slot, server } = await addEverything(store);
  const other = await bench.open();
  const asked = await Promise.all(
    Array.from({ length: 30 }, (_, index) => askForCheck(index % 2 ? store : other, slot, 1000)),
  );
  assert.equal(new Set(asked.map(({ id }) => id)).size, 1);
  assert.equal((await takeChecks(store, server.id, 1100)).length, 1);
});

testOnEachEngine('a slot rests between checks, and says for how long', async ({ store }) => {
  const { server, slot } = await addEverything(store);
  const { id } = await askForCheck(store, slot, 10_000);
  assert.equal((await askForCheck(store, slot, 12_000)).id, id, 'under way: joined');
  await answerCheck(store, server.id, id, ANSWER, 12_500);
  assert.equal((await askForCheck(store, slot, 12_400)).answer?.key, true, 'asked before that');
  const refused = { code: 'too-many', retryAfter: 2, next: 'Check it again in 2 s.' };
  await assert.rejects(askForCheck(store, slot, 13_500), refused);
  await assert.rejects(askForCheck(store, slot, 14_999), { code: 'too-many', retryAfter: 1 });
  const next = await askForCheck(store, slot, 15_000);
  assert.notEqual(next.id, id);
  assert.equal(next.answer, null);
  // The answer of the one before comes too late.
  await answerCheck(store, server.id, id, ANSWER, 15_100);
  assert.equal((await getCheck(store.db, slot.tunnel_id, 1))?.answer, null);
});

testOnEachEngine('a check that nobody answers makes room, and is not taken late', async (bench) => {
  const { store } = bench;
  const { server, slot } = await addEverything(store);
  const { id } = await askForCheck(store, slot, 0);
  assert.deepEqual(await takeChecks(store, server.id, 20 * SECOND), []);
  assert.equal((await askForCheck(store, slot, 19 * SECOND)).id, id);
  assert.notEqual((await askForCheck(store, slot, 20 * SECOND)).id, id);
});

testOnEachEngine('old checks leave the store', async ({ store }) => {
  const { region, account, slot } = await addEverything(store);
  const other = await addTunnel(store, region, account);
  await askForCheck(store, slot, 1000);
  await askForCheck(store, other.slot, 60_000);
  assert.ok(await getCheck(store.db, slot.tunnel_id, 1));
  await askForCheck(store, other.slot, 90_000);
  assert.equal(await getCheck(store.db, slot.tunnel_id, 1), undefined);
});

testOnEachEngine('an agent gets so many at a time as it can do', async ({ store }) => {
  const { region, account, server } = await addEverything(store);
  for (let count = 0; count < 25; count += 1) {
    const { slot } = await addTunnel(store, region, account);
    await askForCheck(store, slot, 1000 + count);
  }
  const first = await takeChecks(store, server.id, 2000);
  assert.equal(first.length, 20);
  assert.equal((await takeChecks(store, server.id, 2000)).length, 5);
});
