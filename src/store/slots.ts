import type { Kysely, Selectable, Transaction } from 'kysely';
import { Problem } from '../domain/problem.ts';
import { MAX_SLOT_NUMBER, MAX_SLOTS, type Slot } from '../domain/tunnel.ts';
import { revokeSlotTokens } from './enrolment-tokens.ts';
import { nextRevision } from './regions.ts';
import { removeSlotKeys } from './slot-keys.ts';
import { readSources, writeSources } from './source-column.ts';
import type { SlotTable, Tables } from './tables.ts';

/** What went with a slot. */
export interface RemovedSlot {
  /** Of its keys. */
  fingerprints: string[];
  /** Ids of its enrolment tokens. */
  tokens: string[];
}

/**
 * Adds the next slot to a tunnel: the next tunnel port of the region, on the joined tunnel server
 * that has the fewest slots, of this tunnel before all. Numbers and ports of removed slots stay
 * taken. Only in a change that names the region: its lock is what keeps two callers from the
 * same port. Throws `region-empty`, `ports-exhausted`, or `conflict` when the tunnel has too many.
 */
export async function insertSlot(
  trx: Transaction<Tables>,
  tunnel: { id: string; region_id: string },
  sources: string[] = [],
): Promise<Slot> {
  const row = await trx
    .insertInto('slot')
    .values({
      tunnel_id: tunnel.id,
      number: await nextNumber(trx, tunnel.id),
      region_id: tunnel.region_id,
      server_id: await leastUsedServer(trx, tunnel),
      tunnel_port: await nextPort(trx, tunnel.region_id),
      source_cidr: writeSources(sources),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toSlot(row);
}

/**
 * Removes a slot with its keys and tokens, in a change that names the region. Throws `conflict` for
 * the first one, which goes with its tunnel.
 */
export async function removeSlot(
  trx: Transaction<Tables>,
  { tunnel_id, number }: Slot,
  now: number,
): Promise<RemovedSlot> {
  if (number === 1) {
    throw new Problem('conflict', 'the first slot cannot be removed', {
      field: 'slot',
      next: 'Remove the tunnel, or the keys and tokens of the slot.',
    });
  }
  await updateSlot(trx, tunnel_id, number).set({ removed_at: now }).execute();
  const keys = await removeSlotKeys(trx, tunnel_id, number, now);
  return {
    fingerprints: keys.map(({ fingerprint }) => fingerprint),
    tokens: await revokeSlotTokens(trx, tunnel_id, number, now),
  };
}

/**
 * Keeps from where a slot's proxy may log in, in a change that names the region. Its tunnel server
 * hears of its keys anew, for their lines are others.
 */
export async function setSlotSources(
  trx: Transaction<Tables>,
  { tunnel_id, number, region_id, sources }: Slot,
): Promise<void> {
  await updateSlot(trx, tunnel_id, number)
    .set({ source_cidr: writeSources(sources) })
    .execute();
  await trx
    .updateTable('slot_key')
    .set({ revision: await nextRevision(trx, region_id) })
    .where('tunnel_id', '=', tunnel_id)
    .where('slot', '=', number)
    .where('removed_at', 'is', null)
    .execute();
}

function updateSlot(trx: Transaction<Tables>, tunnelId: string, number: number) {
  return trx
    .updateTable('slot')
    .where('tunnel_id', '=', tunnelId)
    .where('number', '=', number)
    .where('removed_at', 'is', null);
}

/** A slot that was not removed, also of a removed tunnel. */
export async function getSlot(
  db: Kysely<Tables>,
  tunnelId: string,
  number: number,
): Promise<Slot | undefined> {
  const row = await db
    .selectFrom('slot')
    .selectAll()
    .where('tunnel_id', '=', tunnelId)
    .where('number', '=', number)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row && toSlot(row);
}

/** The slots of a tunnel that were not removed, by number. */
export async function listSlots(db: Kysely<Tables>, tunnelId: string): Promise<Slot[]> {
  const rows = await db
    .selectFrom('slot')
    .selectAll()
    .where('tunnel_id', '=', tunnelId)
    .where('removed_at', 'is', null)
    .orderBy('number')
    .execute();
  return rows.map(toSlot);
}

async function nextNumber(trx: Transaction<Tables>, tunnelId: string): Promise<number> {
  const { highest, present } = await trx
    .selectFrom('slot')
    .select(({ fn }) => [
      fn.max<number | null>('number').as('highest'),
      fn.count<number | string>('number').filterWhere('removed_at', 'is', null).as('present'),
    ])
    .where('tunnel_id', '=', tunnelId)
    .executeTakeFirstOrThrow();
  const number = (highest ?? 0) + 1;
  if (Number(present) < MAX_SLOTS && number <= MAX_SLOT_NUMBER) return number;
  throw new Problem('conflict', `a tunnel has at most ${MAX_SLOTS} slots`, {
    field: 'slots',
    next: 'Remove a slot that is not needed any more, or make another tunnel.',
  });
}

async function leastUsedServer(
  trx: Transaction<Tables>,
  tunnel: { id: string; region_id: string },
): Promise<string> {
  const joined = trx
    .selectFrom('tunnel_server as server')
    .select('server.id')
    .where('server.region_id', '=', tunnel.region_id)
    .where('server.joined_at', 'is not', null);
  const [first, second] = await joined.limit(2).execute();
  // Counting takes the longer the more slots there are.
  if (first && !second) return first.id;
  const row = await joined
    .orderBy((server) =>
      server
        .selectFrom('slot')
        .whereRef('slot.server_id', '=', 'server.id')
        .where('slot.tunnel_id', '=', tunnel.id)
        .where('slot.removed_at', 'is', null)
        .select(({ fn }) => fn.countAll().as('own')),
    )
    .orderBy((server) =>
      server
        .selectFrom('slot')
        .innerJoin('tunnel', 'tunnel.id', 'slot.tunnel_id')
        .whereRef('slot.server_id', '=', 'server.id')
        .where('slot.removed_at', 'is', null)
        .where('tunnel.removed_at', 'is', null)
        .select(({ fn }) => fn.countAll().as('slots')),
    )
    .orderBy('server.id')
    .executeTakeFirst();
  if (!row) {
    throw new Problem('region-empty', 'no tunnel server of this region has joined yet', {
      field: 'region',
      next: 'Add a tunnel server to the region and start its agent, then try again.',
    });
  }
  return row.id;
}

/** Ports are given out from the range's first on, and none comes back: the next is behind the highest. */
async function nextPort(trx: Transaction<Tables>, regionId: string): Promise<number> {
  const region = await trx
    .selectFrom('region')
    .select((region) => [
      'first_tunnel_port',
      'last_tunnel_port',
      region
        .selectFrom('slot')
        .select(({ fn }) => fn.max('tunnel_port').as('port'))
        .where('region_id', '=', regionId)
        .as('highest'),
    ])
    .where('id', '=', regionId)
    .executeTakeFirstOrThrow();
  const { first_tunnel_port, last_tunnel_port, highest } = region;
  const port = highest === null ? first_tunnel_port : highest + 1;
  if (port > last_tunnel_port) {
    throw new Problem('ports-exhausted', 'every tunnel port of this region is taken', {
      field: 'region',
      next: 'Choose another region, or make one with a wider range of tunnel ports.',
    });
  }
  return port;
}

function toSlot(row: Selectable<SlotTable>): Slot {
  const { source_cidr, removed_at: _, ...slot } = row;
  return { ...slot, sources: readSources(source_cidr) };
}
