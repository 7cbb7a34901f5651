import { join } from 'node:path';
import { type Load, load, pin, startServer } from './measured-server.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const ROUNDS = 7;
const LOAD = { connections: 16, seconds: 3 };

/**
 * A script route of a whole control plane beside a bare Fastify route that sends the same bytes. Each
 * server has a core of its own with the load on another; the two take turns.
 */
export const scriptRouteBench: Bench = {
  name: 'script-route',
  run: () => run('/t/:id/install.sh', 0.7),
};

/** The same for an installer by its digest. */
export const keptRouteBench: Bench = {
  name: 'kept-route',
  run: () => run('/t/:id/a/<sha256>/install.sh', 0.8),
};

const script = (file: string) => join(import.meta.dirname, 'script-route', file);

async function run(route: string, goal: number): Promise<BenchResult[]> {
  pin(process.pid, 0);
  const ours = await startServer(script('culvert.ts'), route);
  const bare = await startServer(script('bare.ts'), ours.url);
  try {
    const rounds: { ours: Load; bare: Load }[] = [];
    await load(ours, LOAD);
    await load(bare, LOAD);
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ ours: await load(ours, LOAD), bare: await load(bare, LOAD) });
    }
    const rate = median(rounds.map((round) => round.ours.rate / round.bare.rate));
    const cpu = median(rounds.map((round) => round.ours.cpu / round.bare.cpu));
    return [
      {
        name: `GET ${route}, requests a second (baseline: a bare Fastify route, same bytes)`,
        unit: '/s',
        ours: median(rounds.map((round) => round.ours.rate)),
        baseline: median(rounds.map((round) => round.bare.rate)),
        ratio: rate,
        goal: `≥ ${goal}`,
        ok: rate >= goal,
      },
      {
        name: `GET ${route}, CPU a request (baseline: the same)`,
        unit: 'µs',
        ours: median(rounds.map((round) => round.ours.cpu)),
        baseline: median(rounds.map((round) => round.bare.cpu)),
        ratio: cpu,
        goal: `≤ ${(1 / goal).toFixed(2)}`,
        ok: cpu <= 1 / goal,
      },
    ];
  } finally {
    for (const { child } of [ours, bare]) child.kill();
  }
}
