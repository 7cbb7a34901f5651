import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ProbeRequest, ProbeResult } from '../../src/agent/probes/index.ts';
import { ProbeSchedule } from '../../src/agent/sessions/probe-schedule.ts';
import type { Slot } from '../../src/agent/sessions/slot.ts';
import type { SlotRow } from '../../src/agent/sessions/slot-watch.ts';
import type { DatabaseType } from '../../src/domain/database.ts';

const ANSWERS: ProbeResult = { database: 'answers', reason: '' };
const SILENT: ProbeResult = { database: 'silent', reason: 'no-answer' };
const REFUSES: ProbeResult = {
  database: 'refuses',
  reason: 'host-blocked',
  words: 'Host is blocked',
};
const SECOND_MS = 1000;

test('10,000 tunnels at once make an even trickle, each probed about once a minute', async (t) => {
  const world = start(t, { tunnels: 10_000 });
  const began = await world.run(900);
  const average = 10_000 / 60;
  // From the first second on: all of them are new to an agent that starts.
  const most = Math.max(...began);
  assert.ok(most <= 1.5 * average, `${most} in one second`);
  // Later the trickle is even downwards as well.
  const later = began.slice(-120);
  assert.ok(Math.min(...later) >= 0.5 * average, `${Math.min(...later)} in one second`);
  for (const times of world.timesOf.values()) {
    assert.ok(times.length >= 12 && times.length <= 17, `${times.length} probes in 15 minutes`);
  }
});

test('a session that comes up is probed at once, however many there are', async (t) => {
  const world = start(t, { tunnels: 10_000 });
  await world.run(120);
  world.bringUp(10_000);
  await world.run(2);
  assert.equal(world.timesOf.get(port(10_000))?.length, 1);
});

test('up to 3,000 tunnels: every 20 seconds, every 10 while one does not answer', async (t) => {
  const world = start(t, { tunnels: 2000 });
  world.results.set(port(0), { database: 'closed', reason: 'connection-refused' });
  const began = await world.run(300);
  const average = 2000 / 20;
  assert.ok(Math.max(...began.slice(-100)) <= 1.5 * average);
  const count = (index: number) => world.timesOf.get(port(index))?.length ?? 0;
  assert.ok(count(0) >= 26 && count(0) <= 34, `${count(0)}`);
  assert.ok(count(1) >= 13 && count(1) <= 17, `${count(1)}`);
});

test('sessions that came up together drift apart', async (t) => {
  const world = start(t, { tunnels: 100 });
  const began = await world.run(600);
  assert.equal(began[0], 100);
  assert.ok(Math.max(...began.slice(-60)) < 25, `${Math.max(...began.slice(-60))}`);
});

test('a MySQL is probed once a minute, and a mute one ever more seldom: a day costs 32', async (t) => {
  const world = start(t, { tunnels: 2, type: 'mysql' });
  world.results.set(port(0), SILENT);
  await world.run(24 * 3600);
  const [mute, greets] = [world.timesOf.get(port(0)), world.timesOf.get(port(1))];
  assert.ok(mute && mute.length <= 36, `${mute?.length}`);
  assert.ok(greets && greets.length >= 1300 && greets.length <= 1600, `${greets?.length}`);
  // Back again, it is probed as others are.
  world.results.set(port(0), ANSWERS);
  await world.run(4000);
  const before = mute.length;
  await world.run(600);
  assert.ok(mute.length - before >= 8);
});

test('a probe on demand comes now, in place of the next one', async (t) => {
  const world = start(t, { tunnels: 2 });
  await world.run(5);
  const times = world.timesOf.get(port(0)) ?? [];
  assert.equal(times.length, 1);
  assert.equal(await world.probeNow(0), 'done');
  assert.equal(times.length, 2);
  await world.run(15);
  assert.equal(times.length, 2, 'its turn begins anew');
  await world.run(10);
  assert.equal(times.length, 3);
  assert.equal(await world.probeNow(7), 'failed', 'there is no such session');
});

test('who asks while a probe is under way shares it', async (t) => {
  const world = start(t, { tunnels: 1 });
  await world.run(5);
  const [one, other] = [world.probeNow(0), world.probeNow(0)];
  assert.deepEqual([await one, await other], ['done', 'done']);
  assert.equal(world.timesOf.get(port(0))?.length, 2);
});

test('a mute MySQL that is checked every five seconds is not probed more often for it', async (t) => {
  const world = start(t, { tunnels: 1, type: 'mysql' });
  world.results.set(port(0), SILENT);
  const answers = new Set<string>();
  for (let second = 0; second < 24 * 3600; second += 5) {
    answers.add(await world.probeNow(0));
    await world.run(5);
  }
  const mute = world.timesOf.get(port(0))?.length ?? 0;
  assert.ok(mute <= 36, `${mute} connections in a day without a login`);
  assert.deepEqual(answers, new Set(['failed', 'done', 'spared']));
  // Once it answers, it is asked whenever somebody wants to know.
  world.results.set(port(0), ANSWERS);
  await world.run(4000);
  assert.equal(await world.probeNow(0), 'done');
});

test("a database's words are logged once, until it says something else", async (t) => {
  const world = start(t, { tunnels: 1 });
  world.results.set(port(0), REFUSES);
  await world.run(60);
  assert.deepEqual(world.logged, [{ tunnel: 'tun0', slot: 1, words: 'Host is blocked' }]);
  world.results.set(port(0), ANSWERS);
  await world.run(60);
  world.results.set(port(0), REFUSES);
  await world.run(60);
  assert.equal(world.logged.length, 2);
});

const port = (index: number) => 10_000 + index;

/** A schedule of tunnels that are all up, by a clock that only `run` moves. */
function start(
  t: TestContext,
  { tunnels, type = 'tcp' }: { tunnels: number; type?: DatabaseType },
) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
  const slots = new Map<number, Slot>();
  const rows = new Map<number, SlotRow>();
  const timesOf = new Map<number, number[]>();
  const results = new Map<number, ProbeResult>();
  const logged: object[] = [];
  let begun = 0;
  const schedule = new ProbeSchedule({
    host: '127.0.0.1',
    prober: {
      async probe({ port }: Omit<ProbeRequest, 'id'>) {
        begun += 1;
        timesOf.set(port, timesOf.get(port) ?? []);
        timesOf.get(port)?.push(Date.now());
        return results.get(port) ?? ANSWERS;
      },
    },
    watch: {
      rowsByPort: () => rows,
      recordProbe(port, _, { database, reason }) {
        Object.assign(rows.get(port) ?? {}, { database, reason });
      },
    },
    log: { warn: (details) => logged.push(details) },
  });
  const bringUp = (index: number) => {
    const [tunnel, number] = [`tun${index}`, 1];
    slots.set(port(index), { tunnel, number, port: port(index), database: type, keys: [] });
    const row = { tunnel, slot: 1, session: 'up', session_id: `${index}`, reason: '' };
    rows.set(port(index), row as SlotRow);
  };
  for (let index = 0; index < tunnels; index += 1) bringUp(index);
  return {
    timesOf,
    results,
    logged,
    bringUp,
    probeNow: (index: number) => schedule.probeNow(`${index}`),
    /** Lets seconds pass, a look in each; gives how many probes began in each. */
    async run(seconds: number): Promise<number[]> {
      const counts: number[] = [];
      for (let second = 0; second < seconds; second += 1) {
        begun = 0;
        schedule.tick(slots);
        // What a probe does after its answer takes a few turns of the queue.
        await new Promise(setImmediate);
        counts.push(begun);
        t.mock.timers.tick(SECOND_MS);
      }
      return counts;
    },
  };
}
