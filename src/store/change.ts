import type { Transaction } from 'kysely';
import { type AuditEvent, type AuditHead, type AuditRow, chainEvent } from '../domain/audit.ts';
import { Problem } from '../domain/problem.ts';
import { tellInstances } from './change-feed.ts';
import type { Store } from './store.ts';
import type { Tables } from './tables.ts';
import { transact } from './transact.ts';

export interface ChangeScope {
  /** Ids of the regions whose agents or installers must hear of the change. */
  regions: string[];
  /** Milliseconds; the present when left out. */
  now?: number;
}

export interface Changed<T> {
  result: T;
  /** What the audit keeps of it. No events: nothing was changed, and no revision rises. */
  events: AuditEvent[];
}

/**
 * The one way to write what the audit covers. Locks the regions in the order of their ids, runs
 * `work` (again from its start when the engine asks for it), and as its last acts raises their
 * revisions and moves the audit's head: one order for everyone, so nobody deadlocks, and a reader
 * that has seen revision n never misses a change up to n.
 * Throws `not-found` for an unknown region, `unavailable` when the store stays busy, and whatever
 * `work` throws; then nothing is written.
 */
export function change<T>(
  store: Store,
  { regions, now = Date.now() }: ChangeScope,
  work: (trx: Transaction<Tables>, at: number) => Promise<Changed<T>>,
): Promise<T> {
  const ids = [...new Set(regions)].sort();
  return transact(store, async (trx) => {
    await lockRegions(store, trx, ids);
    const { result, events } = await work(trx, now);
    if (events.length > 0) {
      await raiseRevisions(store, trx, ids);
      await appendEvents(store, trx, now, events);
    }
    return result;
  });
}

async function lockRegions(store: Store, trx: Transaction<Tables>, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const found = await trx
    .selectFrom('region')
    .select('id')
    .where('id', 'in', ids)
    .orderBy('id')
    // On SQLite the transaction holds the only write lock from its start. "No key": rows that refer
    // to the region can still be read and added.
    .$if(store.engine === 'postgres', (query) => query.forNoKeyUpdate())
    .execute();
  if (found.length < ids.length) {
    throw new Problem('not-found', 'there is no such region', {
      field: 'region',
      next: 'List the regions to find its id.',
    });
  }
}

async function raiseRevisions(
  store: Store,
  trx: Transaction<Tables>,
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  await trx
    .updateTable('region')
    .set((region) => ({ revision: region('revision', '+', 1) }))
    .where('id', 'in', ids)
    .$if(store.engine === 'postgres', (query) => query.returning(tellInstances('region.id')))
    .execute();
}

/** Chains the events. Whoever comes here waits for the head, so nothing may follow but the commit. */
async function appendEvents(
  store: Store,
  trx: Transaction<Tables>,
  at: number,
  events: AuditEvent[],
): Promise<void> {
  let head: AuditHead = await trx
    .selectFrom('audit_head')
    .select(['seq', 'hash'])
    .$if(store.engine === 'postgres', (query) => query.forUpdate())
    .executeTakeFirstOrThrow();
  const rows: AuditRow[] = [];
  for (const event of events) {
    const row = chainEvent(head, at, event);
    rows.push(row);
    head = row;
  }
  await trx.insertInto('audit_event').values(rows).execute();
  await trx.updateTable('audit_head').set({ seq: head.seq, hash: head.hash }).execute();
}
