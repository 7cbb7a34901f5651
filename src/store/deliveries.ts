import type { Selectable, Transaction } from 'kysely';
import { randomCharacters } from '../domain/id.ts';
import { eventBody, type VendorEvent } from '../domain/vendor-event.ts';
import type { Store } from './store.ts';
import type { DeliveryTable, Tables } from './tables.ts';
import { transact } from './transact.ts';

/** An event on its way to the vendor. */
export type Delivery = Pick<Selectable<DeliveryTable>, 'id' | 'body' | 'created_at' | 'attempts'>;

/** What is done is kept this long, for whoever asks what was sent. */
const KEEP_MS = 7 * 86_400_000;

/** Puts an event on its way, in the transaction that made it. Its id stays through all attempts. */
export async function enqueueDelivery(
  trx: Transaction<Tables>,
  event: VendorEvent,
  now: number,
): Promise<void> {
  await trx
    .insertInto('delivery')
    .values({
      id: `evt_${randomCharacters(26)}`,
      body: eventBody(event, now),
      created_at: now,
      attempts: 0,
      next_at: now,
      done_at: null,
      result: null,
    })
    .execute();
}

/**
 * Takes the delivery that is due longest, for `leaseMs`: if whoever took it dies, another instance
 * takes it then. Undefined where none is due.
 */
export function claimDelivery(
  store: Store,
  now: number,
  leaseMs: number,
): Promise<Delivery | undefined> {
  return transact(store, async (trx) => {
    const due = await trx
      .selectFrom('delivery')
      .select('id')
      .where('done_at', 'is', null)
      .where('next_at', '<=', now)
      .orderBy('next_at')
      .orderBy('id')
      .limit(1)
      .$if(store.engine === 'postgres', (query) => query.forUpdate().skipLocked())
      .executeTakeFirst();
    if (!due) return undefined;
    return trx
      .updateTable('delivery')
      .set((row) => ({ attempts: row('attempts', '+', 1), next_at: now + leaseMs }))
      .where('id', '=', due.id)
      .returning(['id', 'body', 'created_at', 'attempts'])
      .executeTakeFirst();
  });
}

/** Writes down how an attempt ended: done, or when to try again. */
export async function settleDelivery(
  store: Store,
  id: string,
  outcome: { result: string } & ({ doneAt: number } | { nextAt: number }),
): Promise<void> {
  const { result } = outcome;
  const values =
    'doneAt' in outcome ? { result, done_at: outcome.doneAt } : { result, next_at: outcome.nextAt };
  await transact(store, (trx) =>
    trx.updateTable('delivery').set(values).where('id', '=', id).execute(),
  );
}

/** Forgets what was done a week ago. */
export async function forgetDeliveries(store: Store, now: number): Promise<void> {
  await transact(store, (trx) =>
    trx
      .deleteFrom('delivery')
      .where('done_at', '<', now - KEEP_MS)
      .execute(),
  );
}
