import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../domain/problem.ts';
import type { AgentLog } from './settings.ts';

const FIRST_PAUSE_MS = 250;
/** What was missed meanwhile is made up for within ten seconds, a proxy's own pause of five included. */
const LONGEST_PAUSE_MS = 2000;

/** Refusals that time may cure. */
const PASSING: ReadonlySet<string> = new Set(['unavailable', 'too-many', 'internal']);

/**
 * Tries until it works, with longer and longer pauses; gives up on a refusal that repeating cannot
 * cure, unless `forever`. Throws that refusal, or the reason of `signal`.
 */
export async function persist<T>(
  what: string,
  work: () => Promise<T>,
  options: { signal: AbortSignal; log: AgentLog; forever?: boolean },
): Promise<T> {
  const { signal, log, forever = false } = options;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const passes = error instanceof Problem && PASSING.has(error.code);
      if (!passes && !forever) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ reason, next_try_ms: pause }, `${what} failed; trying again`);
      // Half of it at random: a thousand agents do not come back in step.
      await sleep(pause / 2 + Math.random() * (pause / 2), undefined, { signal });
    }
  }
}
