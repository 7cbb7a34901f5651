import { setTimeout as delay } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import { Problem } from '../domain/problem.ts';
import type { Store } from './store.ts';
import type { Tables } from './tables.ts';

/** How long a write is tried again before the caller hears of it. */
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs `work` in a transaction, from its start again whenever the engine could not fit it in beside
 * others; so `work` may touch nothing but the store. On SQLite everything in `work` goes through
 * its transaction: `store.db` would wait for that transaction to end.
 * Throws an `unavailable` problem when ten seconds of trying were not enough.
 */
export function transact<T>(
  store: Store,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return retryWhenBusy(() => {
    const transaction = store.db.transaction();
    // SQLite knows one level only, the strictest. Here locks do the work, not snapshots.
    return store.engine === 'postgres'
      ? transaction.setIsolationLevel('read committed').execute(work)
      : transaction.execute(work);
  });
}

/** Runs `attempt` until it is not turned away by a lock. Throws `unavailable` after ten seconds. */
export async function retryWhenBusy<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (Date.now() > deadline) throw storeBusy();
      await delay(Math.random() * LONGEST_PAUSE_MS);
    }
  }
}

const SQLITE_BUSY = 5;
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';

/** Whether nothing was written and trying again makes sense. The low byte is the primary code (https://sqlite.org/rescode.html). */
function isBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: string; errcode?: number };
  if (errcode !== undefined) return (errcode & 0xff) === SQLITE_BUSY;
  return code === SERIALIZATION_FAILURE || code === DEADLOCK_DETECTED;
}

function storeBusy(): Problem {
  return new Problem('unavailable', 'the store is busy', {
    next: 'Try again in a few seconds.',
    retryAfter: 5,
  });
}
