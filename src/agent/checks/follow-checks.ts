import { setTimeout as sleep } from 'node:timers/promises';
import type { AskedCheck, CheckReport } from '../../domain/agent-protocol.ts';
import { Problem } from '../../domain/problem.ts';
import { persist } from '../persist.ts';
import type { AgentLog } from '../settings.ts';

/** While so many are under way, no more are taken up; as many may come at a time. */
const MOST_AT_ONCE = 20;
/** A control plane of the version before knows no checks; one day it is replaced. */
const UNKNOWN_PAUSE_MS = 60_000;

export interface ChecksOptions {
  /** Waits to be asked; none when that took too long. */
  fetchChecks: () => Promise<AskedCheck[]>;
  sendCheck: (id: string, report: CheckReport) => Promise<void>;
  check: (asked: AskedCheck) => Promise<CheckReport>;
  signal: AbortSignal;
  log: AgentLog;
}

/**
 * Does the checks that the control plane asks for, by a long poll of its own, until `signal`. An
 * answer that does not get through is dropped: nobody waits for it long.
 */
export async function followChecks(options: ChecksOptions): Promise<void> {
  const { fetchChecks, signal, log } = options;
  const underWay = new Set<Promise<void>>();
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  const step = async () => {
    while (underWay.size >= MOST_AT_ONCE) {
      await Promise.race([...underWay, aborted]);
      signal.throwIfAborted();
    }
    for (const asked of await fetchChecks()) {
      const done = answer(asked, options).finally(() => underWay.delete(done));
      underWay.add(done);
    }
  };
  while (!signal.aborted) {
    try {
      await persist('waiting for checks', step, { signal, log });
    } catch (error) {
      signal.throwIfAborted();
      log.info({ reason: String(error) }, 'the control plane asks for no checks');
      await sleep(UNKNOWN_PAUSE_MS, undefined, { signal });
    }
  }
}

async function answer(asked: AskedCheck, { check, sendCheck, log }: ChecksOptions): Promise<void> {
  try {
    await sendCheck(asked.id, await check(asked));
  } catch (error) {
    const reason = error instanceof Problem ? error.message : String(error);
    log.warn({ tunnel: asked.tunnel, slot: asked.slot, reason }, 'a check failed');
  }
}
