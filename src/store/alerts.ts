import { type Kysely, sql, type Transaction } from 'kysely';
import { AGENT_SILENT_AFTER_MS } from '../domain/status.ts';
import { type AlertType, EVENT_ENDS, type VendorEvent } from '../domain/vendor-event.ts';
import { enqueueDelivery } from './deliveries.ts';
import { slotsWithState } from './slots-with-state.ts';
import type { Store } from './store.ts';
import type { Tables } from './tables.ts';
import { transact } from './transact.ts';

/** Something that is bad now. */
interface BadState {
  type: AlertType;
  /** Names it among those of its type: a slot, or a tunnel server. */
  about: string;
  data: VendorEvent['data'];
}

/** An agent that says nothing for this long is told of: three full reports would have come. */
const SERVER_SILENT_AFTER_MS = 180_000;

/**
 * Compares what is bad now with what was, and writes the events that follow: a state that has lasted
 * for `graceMs` is told, and its end where it was told. Of slots behind a silent agent nothing is
 * known, so nothing about them begins or ends. Several instances may do so at once: each event is
 * written by one of them.
 */
export function tellAlerts(store: Store, now: number, graceMs: number): Promise<void> {
  return transact(store, async (trx) => {
    const [bad, unknown] = await Promise.all([badStates(trx, now), unknownSlots(trx, now)]);
    const known = await trx.selectFrom('alert').selectAll().execute();
    const isKnown = new Set(known.map(({ type, about }) => `${type} ${about}`));
    const isBad = new Set(bad.map(({ type, about }) => `${type} ${about}`));
    const begun = bad.filter(({ type, about }) => !isKnown.has(`${type} ${about}`));
    for (const { data, ...state } of begun) {
      await trx
        .insertInto('alert')
        .values({ ...state, data: JSON.stringify(data), since: now, told_at: null })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    for (const { type, about } of known) {
      if (isBad.has(`${type} ${about}`)) await tellBegin(trx, type, about, now, graceMs);
      else if (!unknown.has(about)) await tellEnd(trx, type, about, now);
    }
  });
}

async function tellBegin(
  trx: Transaction<Tables>,
  type: AlertType,
  about: string,
  now: number,
  graceMs: number,
): Promise<void> {
  const row = await trx
    .updateTable('alert')
    .set({ told_at: now })
    .where('type', '=', type)
    .where('about', '=', about)
    .where('told_at', 'is', null)
    .where('since', '<=', now - graceMs)
    .returning(['data', 'since'])
    .executeTakeFirst();
  if (row) await enqueueDelivery(trx, { type, data: dataOf(row) }, now);
}

async function tellEnd(
  trx: Transaction<Tables>,
  type: AlertType,
  about: string,
  now: number,
): Promise<void> {
  const row = await trx
    .deleteFrom('alert')
    .where('type', '=', type)
    .where('about', '=', about)
    .returning(['data', 'since', 'told_at'])
    .executeTakeFirst();
  if (!row || row.told_at === null) return;
  await enqueueDelivery(trx, { type: EVENT_ENDS[type], data: dataOf(row) }, now);
}

function dataOf({ data, since }: { data: string; since: number }): VendorEvent['data'] {
  return { ...JSON.parse(data), since: Math.floor(since / 1000) };
}

async function badStates(db: Kysely<Tables>, now: number): Promise<BadState[]> {
  const slots = await slotsBefore(db)
    .where('server.reported_at', '>=', now - AGENT_SILENT_AFTER_MS)
    .where(({ or, eb, ref }) =>
      or([
        // Of a slot that its agent never named it has seen no session.
        sql<boolean>`coalesce(${ref('state.session')}, 'down') in ('down', 'taken')`,
        eb('state.database', 'in', ['closed', 'silent', 'refuses']),
      ]),
    )
    .execute();
  const silent = await db
    .selectFrom('tunnel_server')
    .innerJoin('region', 'region.id', 'tunnel_server.region_id')
    .select(['tunnel_server.id', 'tunnel_server.host', 'region.slug'])
    .where('tunnel_server.reported_at', '<', now - SERVER_SILENT_AFTER_MS)
    .execute();
  return [
    ...slots.map(({ tunnel_id, slug, slot, session, database, reason }): BadState => {
      const isDown = session !== 'up';
      return {
        type: isDown ? 'tunnel.down' : 'database.unreached',
        about: `${tunnel_id} ${slot}`,
        data: {
          tunnel: tunnel_id,
          slug,
          slot,
          session: session ?? 'down',
          database: database ?? 'unprobed',
          reason: reason ?? 'session-down',
        },
      };
    }),
    ...silent.map(({ id, host, slug }): BadState => {
      return { type: 'tunnel-server.silent', about: id, data: { server: id, host, region: slug } };
    }),
  ];
}

/** Slots behind a silent agent, as alerts name them. */
async function unknownSlots(db: Kysely<Tables>, now: number): Promise<Set<string>> {
  const rows = await slotsBefore(db)
    .where('server.reported_at', '<', now - AGENT_SILENT_AFTER_MS)
    .execute();
  return new Set(rows.map(({ tunnel_id, slot }) => `${tunnel_id} ${slot}`));
}

/** Every slot that a proxy has a key for, of tunnels that are there, with what is known of it. */
function slotsBefore(db: Kysely<Tables>) {
  return slotsWithState(db)
    .innerJoin('tunnel', 'tunnel.id', 'slot.tunnel_id')
    .where('tunnel.removed_at', 'is', null)
    .where('slot.removed_at', 'is', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('slot_key')
          .whereRef('slot_key.tunnel_id', '=', 'slot.tunnel_id')
          .whereRef('slot_key.slot', '=', 'slot.number')
          .where('slot_key.removed_at', 'is', null)
          .where('slot_key.confirmed_at', 'is not', null)
          .select('slot_key.id'),
      ),
    )
    .select([
      'slot.tunnel_id',
      'slot.number as slot',
      'tunnel.slug',
      'state.session',
      'state.database',
      'state.reason',
    ]);
}
