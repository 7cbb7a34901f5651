import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';
import { type Asking, askThrough } from './asking.ts';
import { makeCast } from './cast.ts';
import type { Fault } from './faults.ts';
import type { KeptTunnel } from './kept-tunnel.ts';
import { knock } from './knock.ts';
import { differences, UP, untilRight } from './states.ts';
import { startVendorSide, type Tunnel } from './vendor-side.ts';

const UP_WITHIN_MS = 60_000;
/** Between what begins or ends first, and what does so second. */
const APART_MS = 700;
const LAST_MS = 3000;
const STEADY = 3;

/**
 * A vendor's side that breaks, with tunnels that are up from the first to the last and a PostgreSQL
 * that is asked through each of them all the time.
 */
export interface FaultScene {
  /**
   * Goes through faults that overlap, while other tunnels come and go. Gives the milliseconds from the
   * end of the last one until every state was right; fails when that is not `withinMs`, when it does
   * not stay so, and when a query or a tunnel was lost.
   */
  endure(faults: readonly Fault[], withinMs: number): Promise<number>;
  answered(): number;
  /** Milliseconds of the slowest query through a tunnel, and of the slowest one without. */
  slowest(): { tunnelled: number; direct: number };
  end(): Promise<void>;
}

export async function startFaultScene(): Promise<FaultScene> {
  const [store, database] = await Promise.all([startPostgres(), startPostgres()]);
  const vendor = await startVendorSide(await store.createDatabase());
  const { cluster } = vendor;
  await vendor.startAgent();
  const direct = await askThrough(database.port);
  const steady: { tunnel: Tunnel; kept: KeptTunnel; asking: Asking }[] = [];
  for (let number = 1; number <= STEADY; number += 1) {
    const tunnel = await vendor.makeTunnel(`steady-${number}`);
    await vendor.enrol(tunnel);
    const kept = vendor.keep(tunnel, database.port);
    await until(`${tunnel.name} is up`, async () => (await knock(tunnel.port)) === 'answers');
    steady.push({ tunnel, kept, asking: await askThrough(tunnel.port) });
  }
  let casts = 0;
  return {
    async endure(faults, withinMs) {
      casts += 1;
      const cast = await makeCast(vendor, database.port, casts);
      const lasting = steady.map(({ tunnel }) => ({ tunnel, wanted: UP }));
      await untilRight(cluster, [...lasting, ...cast.before], UP_WITHIN_MS);

      const side = { vendor, store };
      for (const fault of faults) {
        await fault.begin(side);
        await sleep(APART_MS);
      }
      const changes = cast.change();
      await sleep(LAST_MS);
      const starts: unknown[] = [];
      for (const fault of faults) {
        await sleep(APART_MS);
        starts.push(fault.end(side));
      }
      const endedAt = Date.now();
      await changes;
      const wanted = [...lasting, ...cast.after];
      await untilRight(cluster, wanted, withinMs - (Date.now() - endedAt));
      const took = Date.now() - endedAt;
      await Promise.all(starts);
      // And it stays so.
      await sleep(1000);
      assert.deepEqual(await differences(cluster, wanted), []);
      await cast.remove();
      for (const { asking, kept, tunnel } of steady) {
        assert.deepEqual(asking.lost(), []);
        assert.equal(kept.starts(), 1, `${tunnel.name} was lost`);
      }
      return took;
    },
    answered: () => steady.reduce((sum, { asking }) => sum + asking.answered(), 0),
    slowest: () => ({
      tunnelled: Math.max(...steady.map(({ asking }) => asking.slowest())),
      direct: direct.slowest(),
    }),
    async end() {
      await Promise.all([direct, ...steady.map(({ asking }) => asking)].map((one) => one.stop()));
      await vendor[Symbol.asyncDispose]();
      await Promise.all([store.stop(), database.stop()]);
    },
  };
}
