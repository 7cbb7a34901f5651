import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import autocannon from 'autocannon';
import type { Usage } from './report-usage.ts';

/** A server in a process of its own, which answers `reportUsage`. */
export interface MeasuredServer {
  child: ChildProcess;
  url: string;
}

export interface Load {
  /** Requests a second. */
  rate: number;
  /** CPU of the server a request, microseconds. */
  cpu: number;
}

/** Starts a server on the second core; it prints the URL to ask, a line. */
export async function startServer(file: string, ...words: string[]): Promise<MeasuredServer> {
  const child = spawn(process.execPath, [file, ...words], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  pin(child.pid ?? 0, 1);
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, url: String(line).trim() };
}

/** Keeps a process and its threads on one core, where there is another for the rest. */
export function pin(pid: number, core: number): void {
  if (availableParallelism() < 2) return;
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(pid)], {
    stdio: 'ignore',
  });
}

/** Asks as many connections as often as they can, for so many seconds. Throws when one is refused. */
export async function load(
  server: MeasuredServer,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Load> {
  const before = await usageOf(server);
  const { url } = server;
  const { requests, non2xx, errors } = await autocannon({ url, connections, duration: seconds });
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} refused, ${errors} failed`);
  const used = (await usageOf(server)).cpu - before.cpu;
  return { rate: requests.total / seconds, cpu: used / requests.total };
}

export async function usageOf({ child }: MeasuredServer): Promise<Usage> {
  child.send('usage');
  const [usage] = await once(child, 'message');
  return usage as Usage;
}
