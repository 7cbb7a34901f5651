import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity } from './process-table.ts';

const POLL_MS = 20;

/** Ends a process, by force after `patience` milliseconds; resolves when it is gone. */
export async function endProcess(identity: ProcessIdentity, patience = 1000): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!send(identity, signal)) return;
    for (let waited = 0; waited < patience; waited += POLL_MS) {
      if (!isRunning(identity)) return;
      await sleep(POLL_MS);
    }
  }
}

// The start time is looked at immediately before the signal: a pid alone may be another's by now.
function send(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}
