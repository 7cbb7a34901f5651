import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { type Bench, type BenchResult, median } from './result.ts';

const ROUNDS = 7;
const SECONDS = 3;
const CONNECTIONS = 16;
const GOAL = 0.7;

/**
 * `GET /t/:id/install.sh` of a whole control plane beside a bare Fastify route that sends the same
 * bytes. Each server has a core of its own with the load on another; the two take turns.
 */
export const scriptRouteBench: Bench = { name: 'script-route', run };

interface Server {
  child: ChildProcess;
  url: string;
}

interface Round {
  /** Requests a second. */
  rate: number;
  /** CPU of the server a request, microseconds. */
  cpu: number;
}

async function run(): Promise<BenchResult[]> {
  pin(process.pid, 0);
  const ours = await startServer('culvert.ts');
  const bare = await startServer('bare.ts', ours.url);
  try {
    const rounds: { ours: Round; bare: Round }[] = [];
    await load(ours);
    await load(bare);
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ ours: await load(ours), bare: await load(bare) });
    }
    const rate = median(rounds.map((round) => round.ours.rate / round.bare.rate));
    const cpu = median(rounds.map((round) => round.ours.cpu / round.bare.cpu));
    return [
      {
        name: 'GET /t/:id/install.sh, requests a second (baseline: a bare Fastify route, same bytes)',
        unit: '/s',
        ours: median(rounds.map((round) => round.ours.rate)),
        baseline: median(rounds.map((round) => round.bare.rate)),
        ratio: rate,
        goal: `≥ ${GOAL}`,
        ok: rate >= GOAL,
      },
      {
        name: 'GET /t/:id/install.sh, CPU a request (baseline: the same)',
        unit: 'µs',
        ours: median(rounds.map((round) => round.ours.cpu)),
        baseline: median(rounds.map((round) => round.bare.cpu)),
        ratio: cpu,
        goal: `≤ ${(1 / GOAL).toFixed(2)}`,
        ok: cpu <= 1 / GOAL,
      },
    ];
  } finally {
    for (const { child } of [ours, bare]) child.kill();
  }
}

/** Starts one of the two servers on the second core; it prints the URL to ask, a line. */
async function startServer(file: string, ...words: string[]): Promise<Server> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'script-route', file), ...words],
    {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  pin(child.pid ?? 0, 1);
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, url: String(line).trim() };
}

/** Keeps a process and its threads on one core, where there is another for the rest. */
function pin(pid: number, core: number): void {
  if (availableParallelism() < 2) return;
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(pid)], {
    stdio: 'ignore',
  });
}

async function load({ child, url }: Server): Promise<Round> {
  const before = await cpuOf(child);
  const { requests, non2xx, errors } = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} refused, ${errors} failed`);
  const used = (await cpuOf(child)) - before;
  return { rate: requests.total / SECONDS, cpu: used / requests.total };
}

/** CPU that the server has used so far, microseconds. */
async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [used] = await once(child, 'message');
  return used as number;
}
