import { join } from 'node:path';
import { load, pin, startServer, usageOf } from './measured-server.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const ROUNDS = 5;
const LOAD = { connections: 200, seconds: 3 };
const GOAL_RATIO = 0.7;
const GOAL_MEGABYTES = 32;

/**
 * `GET /t/:id/bundle.tar.gz` while 200 clients download, beside a bare Fastify route that sends the
 * same bytes: requests a second, and the memory that the server needs more than for one client.
 */
export const bundleBench: Bench = { name: 'bundle', run };

const script = (file: string) => join(import.meta.dirname, 'bundle', file);

async function run(): Promise<BenchResult[]> {
  pin(process.pid, 0);
  const ours = await startServer(script('culvert.ts'));
  const bare = await startServer(script('bare.ts'), ours.url);
  try {
    for (const server of [ours, bare]) await load(server, { ...LOAD, connections: 1 });
    const before = { ours: (await usageOf(ours)).memory, bare: (await usageOf(bare)).memory };
    const most = { ...before };
    const rates: { ours: number; bare: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.push({ ours: (await load(ours, LOAD)).rate, bare: (await load(bare, LOAD)).rate });
      most.ours = Math.max(most.ours, (await usageOf(ours)).memory);
      most.bare = Math.max(most.bare, (await usageOf(bare)).memory);
    }
    const ratio = median(rates.map((rate) => rate.ours / rate.bare));
    const grown = { ours: most.ours - before.ours, bare: most.bare - before.bare };
    return [
      {
        name: 'GET /t/:id/bundle.tar.gz, 200 clients (baseline: a bare Fastify route, same bytes)',
        unit: '/s',
        ours: median(rates.map((rate) => rate.ours)),
        baseline: median(rates.map((rate) => rate.bare)),
        ratio,
        goal: `≥ ${GOAL_RATIO}`,
        ok: ratio >= GOAL_RATIO,
      },
      {
        name: '  memory for them, more than for one client (baseline: the same)',
        unit: 'MB',
        ours: grown.ours,
        baseline: grown.bare,
        ratio: grown.ours / grown.bare,
        goal: `≤ baseline + ${GOAL_MEGABYTES} MB`,
        ok: grown.ours <= grown.bare + GOAL_MEGABYTES,
      },
    ];
  } finally {
    for (const { child } of [ours, bare]) child.kill();
  }
}
