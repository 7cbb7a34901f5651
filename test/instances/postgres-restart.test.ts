import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { openStore } from '../../src/store/index.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { send } from './support/balancer.ts';
import { makePlace, newTunnel, startCluster } from './support/cluster.ts';
import { hearingTime } from './support/hearing.ts';
import { isReady } from './support/instance.ts';

const BACK_WITHIN_MS = 10_000;
const OUTAGE_MS = 4000;

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

test('instances outlive a restart of PostgreSQL, say so, and go on by themselves', async (t) => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: [url, url] });
  const { instances, adminToken: token } = cluster;
  const place = await makePlace(cluster, 1000);
  const pids = instances.map((instance) => instance.process().pid);
  const agent = { token: place.credential };
  const { revision } = (await cluster.call({ ...agent, path: '/agent/v1/state' })).body;
  // Long polls under way, and changes.
  const polls = instances.map((instance) =>
    send(instance.url, { ...agent, path: `/agent/v1/state?since=${revision}&wait=25` }),
  );
  let made = 0;
  const answers: { status: number; code: unknown; after: unknown }[] = [];
  let writing = true;
  const write = async (instance: (typeof instances)[number]) => {
    while (writing) {
      const body = newTunnel(place, `tunnel-${made++}`);
      const answer = await send(instance.url, { method: 'POST', path: '/v1/tunnels', token, body });
      const { code, retry_after } = answer.body ?? {};
      answers.push({ status: answer.status, code, after: retry_after });
      await delay(50);
    }
  };
  const writers = instances.map(write);
  await delay(500);

  await postgres.halt();
  for (const { url } of instances) {
    const ready = await send(url, { path: '/readyz' });
    assert.equal(ready.status, 503);
    assert.equal(ready.body.detail, 'the store does not answer');
    assert.equal((await send(url, { path: '/healthz' })).status, 200);
  }
  await delay(OUTAGE_MS);
  await postgres.resume();
  const backAt = Date.now();
  while (!(await Promise.all(instances.map(({ url }) => isReady(url)))).every(Boolean)) {
    assert.ok(Date.now() - backAt < BACK_WITHIN_MS, 'an instance does not come back');
    await delay(50);
  }
  t.diagnostic(`ready ${Date.now() - backAt} ms after PostgreSQL`);
  answers.length = 0;
  await delay(1000);
  writing = false;
  await Promise.all(writers);
  assert.ok(answers.length > 0);
  assert.deepEqual(
    answers.filter(({ status }) => status !== 201),
    [],
    'refused though PostgreSQL is back',
  );
  for (const { status } of await Promise.all(polls)) assert.ok([200, 503].includes(status));

  const [waitsAt, changesAt] = instances;
  if (!waitsAt || !changesAt) throw new Error('two instances are needed');
  await delay(Math.max(0, BACK_WITHIN_MS - (Date.now() - backAt)));
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    times.push(await hearingTime(cluster, place, { waitsAt, changesAt }));
  }
  t.diagnostic(`heard after ${times.join(' ')} ms`);
  assert.ok((times.sort((one, other) => one - other)[2] ?? 0) < 500, 'nobody listens again');
  for (const [index, instance] of instances.entries()) {
    assert.equal(instance.process().pid, pids[index]);
    process.kill(pids[index] as number, 0);
  }
});

test('while PostgreSQL is away every request is refused as one to be made again', async () => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: [url] });
  const place = await makePlace(cluster, 10);
  const [instance] = cluster.instances;
  if (!instance) throw new Error('an instance is needed');
  await postgres.halt();
  try {
    for (const [path, token] of [
      ['/v1/tunnels', cluster.adminToken],
      ['/agent/v1/state', place.credential],
      ['/t/tun_00000000000000000000000000/v1/status?slot=1', undefined],
    ] as const) {
      const answer = await send(instance.url, { path, ...(token && { token }) });
      assert.equal(answer.status, 503, path);
      assert.equal(answer.body.code, 'unavailable');
      assert.equal(answer.body.retry_after, 5);
    }
    const path = '/t/tun_00000000000000000000000000/install.sh';
    const script = await fetch(`${instance.url}${path}`);
    assert.equal(script.headers.get('culvert-error'), 'unavailable');
    assert.match(await script.text(), /the store does not answer/);
  } finally {
    await postgres.resume();
  }
});

test('while PostgreSQL hangs every request is refused, and served once it goes on', async (t) => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: [url] });
  const place = await makePlace(cluster, 10);
  const [instance] = cluster.instances;
  if (!instance) throw new Error('an instance is needed');
  const list = { path: '/v1/tunnels', token: cluster.adminToken };
  const make = { ...list, method: 'POST', body: newTunnel(place, 'orders') } as const;
  const calls = [make, { path: '/agent/v1/state', token: place.credential }, { path: '/readyz' }];
  // So many that some wait for a connection, and some have one that was asked before.
  await Promise.all(Array.from({ length: 30 }, () => send(instance.url, list)));
  postgres.freeze();
  try {
    const begun = Date.now();
    const answers = await Promise.all(
      [...calls, ...Array.from({ length: 30 }, () => list)].map((call) => send(instance.url, call)),
    );
    t.diagnostic(`refused within ${Date.now() - begun} ms`);
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.code, body.retry_after], [503, 'unavailable', 5]);
    }
  } finally {
    postgres.thaw();
  }
  await until('it is back', () => isReady(instance.url));
  assert.equal((await send(instance.url, make)).status, 201);
  assert.equal((await send(instance.url, list)).body.items.length, 1);
});

test('a migration may take longer than any request', async () => {
  const store = await openStore(await postgres.createDatabase());
  try {
    await store.patiently(() => sql`select pg_sleep(17)`.execute(store.db));
    await assert.rejects(sql`select pg_sleep(17)`.execute(store.db), /has said nothing for 15 s/);
    await sql`select 1`.execute(store.db);
  } finally {
    await store.close();
  }
});
