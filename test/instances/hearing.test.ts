import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Cluster, makePlace, type Place, startCluster } from './support/cluster.ts';
import { startDeafFront } from './support/deaf-front.ts';
import { cutListeners, hearingTime } from './support/hearing.ts';

const ROUNDS = 12;
const AT_ONCE_MS = 200;
/** A look each second, and some time to answer on a machine that has other work. */
const BY_LOOKING_MS = 3000;

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/** The times of some rounds, shortest first. */
async function hearingTimes(
  cluster: Cluster,
  place: Place,
  justBefore?: () => Promise<unknown>,
): Promise<number[]> {
  const [waitsAt, changesAt] = cluster.instances;
  if (!waitsAt || !changesAt) throw new Error('two instances are needed');
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    times.push(await hearingTime(cluster, place, { waitsAt, changesAt }, justBefore));
  }
  return times.sort((one, other) => one - other);
}

/** By looks alone it would be half a second: a single slow round is the machine's. */
const middle = (times: number[]) => times[ROUNDS / 2] ?? Number.NaN;

test('an agent hears at once of what another instance changes', async (t) => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: [url, url] });
  const place = await makePlace(cluster, 1000);
  const times = await hearingTimes(cluster, place);
  t.diagnostic(`${times.join(' ')} ms`);
  assert.ok(middle(times) < AT_ONCE_MS, `${times}`);
  assert.ok((times.at(-1) ?? 0) < BY_LOOKING_MS, `${times}`);
});

test('where nothing can be heard, an agent learns of it within a second', async (t) => {
  const url = await postgres.createDatabase();
  await using front = await startDeafFront(url);
  await using cluster = await startCluster({ stores: [front.url, url] });
  const place = await makePlace(cluster, 1000);
  assert.equal(front.deafened(), 1);
  const times = await hearingTimes(cluster, place);
  t.diagnostic(`${times.join(' ')} ms`);
  assert.ok((times.at(-1) ?? 0) < BY_LOOKING_MS, `${times}`);
  assert.ok(middle(times) > AT_ONCE_MS, `something was heard: ${times}`);
});

test('an instance whose listening was cut looks, and listens again', async (t) => {
  const url = await postgres.createDatabase();
  await using cluster = await startCluster({ stores: [url, url] });
  const place = await makePlace(cluster, 1000);
  let cut = 0;
  const whileCut = await hearingTimes(cluster, place, async () => {
    cut += await cutListeners(cluster);
  });
  t.diagnostic(`cut: ${whileCut.join(' ')} ms`);
  assert.ok(cut >= ROUNDS, `${cut} connections were cut`);
  assert.ok((whileCut.at(-1) ?? 0) < BY_LOOKING_MS, `${whileCut}`);
  await delay(500);
  const after = await hearingTimes(cluster, place);
  t.diagnostic(`after: ${after.join(' ')} ms`);
  assert.ok(middle(after) < AT_ONCE_MS, `${after}`);
});
