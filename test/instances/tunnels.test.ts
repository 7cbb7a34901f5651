import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Cluster, makePlace, newTunnel, type Place, startCluster } from './support/cluster.ts';

/** Fewer on a small machine: CULVERT_TEST_TUNNELS=2000. */
const TUNNELS = Number(process.env['CULVERT_TEST_TUNNELS'] ?? 10_000);
const CLIENTS = 64;
const INSTANCES = 4;
const END_EVERY_MS = 5000;

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

test(`${CLIENTS} clients make ${TUNNELS} tunnels while instances are killed`, async (t) => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: Array(INSTANCES).fill(url) });
  const place = await makePlace(cluster, TUNNELS);
  const started = Date.now();
  const making = makeTunnels(cluster, place, TUNNELS, CLIENTS);
  const kills = await endUntil(making, cluster, 'SIGKILL');
  const { refusals, lost } = await making;
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

  const { call, adminToken: token } = cluster;
  const oneMore = { method: 'POST', path: '/v1/tunnels', token } as const;
  const { status, body } = await call({ ...oneMore, body: newTunnel(place, 'one-more') });
  assert.equal(status, 409);
  assert.equal(body.code, 'ports-exhausted');
  assert.match(body.detail, /every tunnel port of this region is taken/);
});

test('instances that are told to end refuse nothing', async () => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: [url, url] });
  const place = await makePlace(cluster, 1000);
  const making = makeTunnels(cluster, place, 1000, 16);
  assert.ok((await endUntil(making, cluster, 'SIGTERM')) > 0);
  const { refusals, again } = await making;
  assert.deepEqual(refusals, []);
  assert.equal(again, 0, 'an answer was lost');
});

/**
 * Lets clients make tunnels, and gives what was refused, how many calls got no answer, and how many
 * tunnels were there already when a call was made again.
 */
async function makeTunnels(
  { call, adminToken: token }: Cluster,
  place: Place,
  tunnels: number,
  clients: number,
): Promise<{ refusals: unknown[]; lost: number; again: number }> {
  const refusals: unknown[] = [];
  let [next, lost, again] = [0, 0, 0];
  const client = async () => {
    while (next < tunnels) {
      const body = newTunnel(place, `tunnel-${next++}`);
      const answer = await call({ method: 'POST', path: '/v1/tunnels', token, body });
      lost += answer.lost;
      const isThere = answer.status === 409 && answer.body.code === 'exists' && answer.lost > 0;
      if (isThere) again += 1;
      else if (answer.status !== 201) refusals.push(answer);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { refusals, lost, again };
}

/** Ends one instance after another, and starts it again, until `work` is done. Gives how many. */
async function endUntil(
  work: Promise<unknown>,
  { instances }: Cluster,
  signal: NodeJS.Signals,
): Promise<number> {
  let working = true;
  const done = work.finally(() => {
    working = false;
  });
  done.catch(() => {});
  let ended = 0;
  while (working) {
    await Promise.race([done, delay(END_EVERY_MS)]);
    const instance = instances[ended % instances.length];
    if (!working || !instance) break;
    assert.equal(await instance.process().end(signal), signal === 'SIGTERM' ? 0 : signal);
    ended += 1;
    await instance.start();
  }
  await done;
  return ended;
}
