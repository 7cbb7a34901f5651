import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Cluster, makePlace, newTunnel, startCluster } from './support/cluster.ts';

/** 10,000 take some minutes: CULVERT_TEST_TUNNELS=10000. */
const TUNNELS = Number(process.env['CULVERT_TEST_TUNNELS'] ?? 2000);
const CLIENTS = 64;
const INSTANCES = 4;
const KILL_EVERY_MS = 1500;

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

test(`${CLIENTS} clients make ${TUNNELS} tunnels while instances are killed`, async (t) => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: Array(INSTANCES).fill(url) });
  const place = await makePlace(cluster, TUNNELS);
  const { call, adminToken: token } = cluster;
  const refusals: unknown[] = [];
  let next = 0;
  let lost = 0;
  const client = async () => {
    while (next < TUNNELS) {
      const body = newTunnel(place, `tunnel-${next++}`);
      const answer = await call({ method: 'POST', path: '/v1/tunnels', token, body });
      lost += answer.lost;
      const isMade = answer.status === 409 && answer.body.code === 'exists' && answer.lost > 0;
      if (answer.status !== 201 && !isMade) refusals.push(answer);
    }
  };
  const started = Date.now();
  const making = Promise.all(Array.from({ length: CLIENTS }, client));
  const kills = await killUntil(making, cluster);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  t.diagnostic(`${seconds} s, ${kills} instances killed, ${lost} calls made again`);

  assert.deepEqual(refusals, []);
  assert.ok(kills > 0 && lost > 0, 'nothing was disturbed');
  const slots = await cluster.store.db
    .selectFrom('slot')
    .innerJoin('tunnel', 'tunnel.id', 'slot.tunnel_id')
    .select(['tunnel.slug', 'slot.tunnel_port'])
    .execute();
  assert.equal(new Set(slots.map(({ slug }) => slug)).size, TUNNELS, 'tunnels are lost');
  // As many as the region has, so none is left out either.
  assert.equal(new Set(slots.map(({ tunnel_port }) => tunnel_port)).size, TUNNELS);
  assert.equal(slots.length, TUNNELS);

  const oneMore = { method: 'POST', path: '/v1/tunnels', token } as const;
  const { status, body } = await call({ ...oneMore, body: newTunnel(place, 'one-more') });
  assert.equal(status, 409);
  assert.equal(body.code, 'ports-exhausted');
  assert.match(body.detail, /every tunnel port of this region is taken/);
});

/** Kills one instance after another, and starts it again, until `work` is done. Gives how many. */
async function killUntil(work: Promise<unknown>, { instances }: Cluster): Promise<number> {
  let working = true;
  const done = work.finally(() => {
    working = false;
  });
  done.catch(() => {});
  let kills = 0;
  while (working) {
    await Promise.race([done, delay(KILL_EVERY_MS)]);
    const instance = instances[kills % instances.length];
    if (!working || !instance) break;
    await instance.kill();
    kills += 1;
    await instance.start();
  }
  await done;
  return kills;
}
