import { startGreeter, untilOpen } from '../test/agent/support/greeter.ts';
import { timeTakeover } from '../test/agent/support/time-takeover.ts';
import { World } from '../test/agent/support/world.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const TAKEOVERS = 100;
const GOAL = { middle: 50, worst: 1000 };

/**
 * From sshd's "Accepted" until the tunnel port listens for the newcomer, while the client that has it
 * is frozen, beside the same login to a port that is free; the two take turns.
 */
export const takeoverBench: Bench = { name: 'takeover', run };

async function run(): Promise<BenchResult[]> {
  const database = await startGreeter();
  const world = await World.make('root');
  try {
    await world.startAgent();
    const [proxy, other] = [await world.enrolled(), await world.enrolled()];
    proxy.connect(database.port);
    await untilOpen(proxy.key.port);
    const taken: number[] = [];
    const free: number[] = [];
    for (let round = 0; round < TAKEOVERS; round += 1) {
      proxy.signal('SIGSTOP');
      // A first login that does not get the port leaves it to the frozen client: a miss, not a time.
      const time = await timeTakeover(world, proxy, database.port);
      if (time !== undefined) taken.push(time);
      await proxy.endEarlier();
      const alone = await timeTakeover(world, other, database.port);
      if (alone !== undefined) free.push(alone);
      await other.disconnect();
      await untilOpen(other.key.port, false);
      if (time !== undefined) continue;
      proxy.connect(database.port);
      await untilOpen(proxy.key.port);
    }
    const row = (name: string, ours: number, baseline: number, unit = 'ms') => ({
      name,
      unit,
      ours,
      baseline,
      ratio: ours / baseline,
    });
    const [middle, worst] = [median(taken), Math.max(...taken)];
    return [
      {
        ...row(
          'login accepted → listening, from a frozen client, p50 (baseline: a free port)',
          middle,
          median(free),
        ),
        goal: `< ${GOAL.middle} ms`,
        ok: middle < GOAL.middle,
      },
      {
        ...row(`  the longest of ${TAKEOVERS} (baseline: the same)`, worst, Math.max(...free)),
        goal: `< ${GOAL.worst} ms`,
        ok: worst < GOAL.worst,
      },
      {
        ...row(
          '  first logins that get the port (baseline: the same)',
          taken.length,
          free.length,
          '',
        ),
        goal: `${TAKEOVERS}`,
        ok: taken.length === TAKEOVERS,
      },
    ];
  } finally {
    await world.remove();
    database.stop();
  }
}
