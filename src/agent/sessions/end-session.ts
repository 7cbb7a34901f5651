import { setTimeout as sleep } from 'node:timers/promises';
import {
  childrenOf,
  findProcess,
  isRunning,
  type ProcessIdentity,
} from '../system/process-table.ts';
import type { Session } from './session.ts';

/** It takes a fraction of that where the machine is not busy. */
const POLL_MS = 1;
const PATIENCE_MS = 2000;

/**
 * Ends a session at once, and the port that it holds; false when it would not end. Its privileged
 * process is stopped first: it has no other child then than those that are seen. One that was missed
 * would keep the port.
 */
export async function endSession({ monitor, child }: Session): Promise<boolean> {
  send(monitor, 'SIGSTOP');
  await until(() => !isRunning(monitor) || findProcess(monitor.pid)?.state === 'T');
  const isThere = isRunning(monitor);
  const children = (isThere ? childrenOf(monitor.pid) : []).flatMap(
    (pid) => findProcess(pid) ?? [],
  );
  const processes = [...children, ...(child ? [child] : []), monitor];
  for (const process of processes) send(process, 'SIGKILL');
  return await until(() => !processes.some(isRunning));
}

async function until(isSo: () => boolean): Promise<boolean> {
  for (let waited = 0; !isSo(); waited += POLL_MS) {
    if (waited > PATIENCE_MS) return false;
    await sleep(POLL_MS);
  }
  return true;
}

// The start time is looked at immediately before the signal: a pid alone may be another's by now.
function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It has ended, or is not ours to end: the wait tells.
  }
}
