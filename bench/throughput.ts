import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CustomerProxy } from '../test/agent/support/customer-proxy.ts';
import { untilOpen } from '../test/agent/support/greeter.ts';
import { run as runProgram } from '../test/agent/support/run.ts';
import { World } from '../test/agent/support/world.ts';
import { freePort } from '../test/support/free-port.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { startBareSshd } from './bare-sshd.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const ROUNDS = 7;
const QUERY_SECONDS = 2;
const MEGABYTES = 200;
const GOAL_LATENCY = 1.1;
const GOAL_RATE = 0.9;

/**
 * A real PostgreSQL through a tunnel, beside the same through `ssh -R` to a bare sshd, and without any
 * ssh; the three take turns. All is on one machine, so the network adds nothing.
 */
export const throughputBench: Bench = { name: 'throughput', run };

/** What one way to the database gives. */
interface Figures {
  /** Of `select 1`, milliseconds. */
  latency: number;
  /** Megabytes a second. */
  rate: number;
}

async function run(): Promise<BenchResult[]> {
  const postgres = await startPostgres();
  const world = await World.make('root');
  try {
    await world.startAgent();
    const proxy = await world.enrolled();
    const { folder, login } = world.agent;
    const bare = { port: await freePort(), login };
    const plain = await CustomerProxy.make({ folder, server: bare, port: await freePort() });
    const sshd = await startBareSshd(bare, [plain.key.line]);
    try {
      const ways = [postgres.port, plain.key.port, proxy.key.port];
      for (const one of [plain, proxy]) {
        one.connect(postgres.port);
        await untilOpen(one.key.port);
      }
      const query = join(folder, 'select-1.sql');
      writeFileSync(query, 'select 1;\n');
      const rounds: Figures[][] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        const figures: Figures[] = [];
        for (const port of ways) figures.push(await measure(port, query));
        if (round > 0) rounds.push(figures); // the first fills caches
      }
      return resultsOf(rounds);
    } finally {
      await plain.disconnect();
      await sshd.stop();
    }
  } finally {
    await world.remove();
    await postgres.stop();
  }
}

function resultsOf(rounds: Figures[][]): BenchResult[] {
  const row = (figure: keyof Figures, way: number, name: string, unit: string) => {
    const of = (index: number) => rounds.map((figures) => (figures[index] as Figures)[figure]);
    const [ours, baseline] = [of(2), of(way)];
    const ratio = median(ours.map((value, round) => value / (baseline[round] as number)));
    return { name, unit, ours: median(ours), baseline: median(baseline), ratio };
  };
  const select = '`select 1` through a tunnel';
  const bytes = `${MEGABYTES} MB of rows through a tunnel`;
  const latency = row('latency', 1, `${select} (baseline: ssh -R to a bare sshd)`, 'ms');
  const rate = row('rate', 1, `${bytes} (baseline: ssh -R to a bare sshd)`, 'MB/s');
  return [
    { ...latency, goal: `≤ ${GOAL_LATENCY}`, ok: latency.ratio <= GOAL_LATENCY },
    { ...row('latency', 0, `${select} (baseline: no ssh)`, 'ms'), goal: 'none', ok: true },
    { ...rate, goal: `≥ ${GOAL_RATE}`, ok: rate.ratio >= GOAL_RATE },
    { ...row('rate', 0, `${bytes} (baseline: no ssh)`, 'MB/s'), goal: 'none', ok: true },
  ];
}

async function measure(port: number, query: string): Promise<Figures> {
  const where = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'];
  const asked = await succeed('pgbench', [
    ...[...where, '-n', '-f', query, '-T', String(QUERY_SECONDS), 'postgres'],
  ]);
  const latency = Number(/^latency average = ([\d.]+) ms$/m.exec(asked)?.[1]);
  const rows = `copy (select repeat('x', 999999) from generate_series(1, ${MEGABYTES})) to stdout`;
  const started = performance.now();
  await succeed('psql', [...where, '-X', '-q', '-o', '/dev/null', '-c', rows, 'postgres']);
  return { latency, rate: MEGABYTES / ((performance.now() - started) / 1000) };
}

async function succeed(program: string, words: string[]): Promise<string> {
  const { code, output } = await runProgram(program, words, { timeout: 60_000 });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${output}`);
  return output;
}
