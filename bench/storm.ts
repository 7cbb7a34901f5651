import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '../src/agent/system/process-table.ts';
import { startGreeter } from '../test/agent/support/greeter.ts';
import { Storm } from '../test/agent/support/storm.ts';
import { World } from '../test/agent/support/world.ts';
import { freePort } from '../test/support/free-port.ts';
import { startBareSshd } from './bare-sshd.ts';
import { buildAgent } from './build-agent.ts';
import { type Bench, type BenchResult, median } from './result.ts';

/** Fewer on a small machine: CULVERT_BENCH_PROXIES=200. */
const PROXIES = Number(process.env['CULVERT_BENCH_PROXIES'] ?? 1000);
const FIRST_PORT = 9000;
/** Of each; the order turns, so that a machine that grows busy weighs on both alike. */
const ROUNDS = 2;
const WITHIN_MS = 600_000;
const GOAL_RATIO = 1.15;
const GOAL_MEGABYTES = 150;

/**
 * That many proxies at once, each from an address of its own and under the supervisors that we ship,
 * beside the same proxies and a bare sshd with their keys in one static file. Server and proxies share
 * the machine.
 */
export const stormBench: Bench = { name: 'storm', run };

/** What one storm took. */
interface Round {
  seconds: number;
  /** Of the server, milliseconds a login. */
  cpu: number;
}

async function run(): Promise<BenchResult[]> {
  const database = await startGreeter((socket) => socket.end(), '0.0.0.0');
  const tunnelPorts: [number, number] = [FIRST_PORT, FIRST_PORT + PROXIES - 1];
  const world = await World.make('root', { tunnelPorts, agentModule: buildAgent() });
  try {
    const proxies = await world.proxies(PROXIES, FIRST_PORT);
    for (const { key } of proxies) world.controlPlane.addKey(key);
    await world.startAgent();
    await world.controlPlane.applied(60_000);
    const { folder, login, stateFolder, child } = world.agent;
    const server = { port: await freePort(), login };
    const lines = proxies.map(({ key }) => key.line);
    const bare = await startBareSshd(server, lines, limitsOf(join(stateFolder, 'sshd_config')));
    try {
      const hostKeys = { active: bare.hostKey, spare: bare.hostKey };
      const storms = {
        ours: Storm.of(world, proxies, database.port),
        bare: Storm.make({ folder, server, hostKeys, proxies, databasePort: database.port }),
      };
      const sshd = Number(readFileSync(join(stateFolder, 'sshd.pid'), 'latin1'));
      const pids = { ours: [sshd, child?.pid as number], bare: [bare.pid] };
      const rounds: Record<'ours' | 'bare', Round[]> = { ours: [], bare: [] };
      const before = memoryOf(child?.pid as number);
      for (let round = 0; round < ROUNDS; round += 1) {
        const order = round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const);
        for (const of of order) rounds[of].push(await measure(storms[of], pids[of]));
      }
      return resultsOf(rounds, { before, after: memoryOf(child?.pid as number) });
    } finally {
      await bare.stop();
    }
  } finally {
    await world.remove();
    database.stop();
  }
}

function resultsOf(
  { ours, bare }: Record<'ours' | 'bare', Round[]>,
  memory: { before: number; after: number },
): BenchResult[] {
  const row = (figure: keyof Round) => {
    const [mine, baseline] = [ours, bare].map((rounds) => median(rounds.map((one) => one[figure])));
    return { ours: mine as number, baseline: baseline as number };
  };
  const total = ours.reduce((sum, { seconds }) => sum + seconds, 0);
  const ratio = total / bare.reduce((sum, { seconds }) => sum + seconds, 0);
  const [seconds, cpu] = [row('seconds'), row('cpu')];
  return [
    {
      name: `${PROXIES} proxies at once until all listen, ${keyExchange()} (baseline: a bare sshd)`,
      unit: 's',
      ...seconds,
      ratio,
      goal: `≤ ${GOAL_RATIO}`,
      ok: ratio <= GOAL_RATIO,
    },
    {
      name: "  the server's CPU a login, agent included (baseline: the same)",
      unit: 'ms',
      ...cpu,
      ratio: cpu.ours / cpu.baseline,
      goal: 'none',
      ok: true,
    },
    {
      name: "  the agent's memory after them (baseline: before)",
      unit: 'MB',
      ours: memory.after,
      baseline: memory.before,
      ratio: memory.after / memory.before,
      goal: `≤ ${GOAL_MEGABYTES} MB`,
      ok: memory.after <= GOAL_MEGABYTES,
    },
  ];
}

/** One storm, from its start until the server has ended every session. */
async function measure(storm: Storm, [sshd = 0, ...others]: number[]): Promise<Round> {
  const used = () => [sshd, ...others].reduce((sum, pid) => sum + cpuOf(pid), 0);
  const before = used();
  storm.start();
  const seconds = (await storm.until(PROXIES, WITHIN_MS)) / 1000;
  await storm.stop();
  // What a process has used counts to its parent when it has ended.
  while (childrenOf(sshd).length > 0) await sleep(100);
  return { seconds, cpu: (used() - before) / PROXIES };
}

/** What a process and those children that have ended have used, milliseconds: proc_pid_stat(5). */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks * 10;
}

/** Megabytes that a process holds. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** The lines of our sshd_config that say how many may log in at once: without them a bare one fails. */
function limitsOf(config: string): string[] {
  const lines = readFileSync(config, 'utf8').split('\n');
  return lines.filter((line) => /^(MaxStartups|PerSource\w+|LoginGraceTime) /.test(line));
}

/** The key exchange that ssh and sshd of this machine agree on: the first of ssh's list. */
function keyExchange(): string {
  const settings = execFileSync('ssh', ['-G', '-F', 'none', 'tunnel'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return /^kexalgorithms ([^,\n]+)/m.exec(settings)?.[1] ?? 'unknown';
}
