import { type Kysely, sql } from 'kysely';
import { AGENT_SILENT_AFTER_MS } from '../domain/status.ts';
import { slotsWithState } from './slots-with-state.ts';
import type { Tables } from './tables.ts';

/** How many slots that a proxy has a key for are in a state. */
export interface SlotCount {
  session: string;
  database: string;
  slots: number;
}

/** What there is, in numbers: for whoever watches all of it. */
export interface Census {
  slots: SlotCount[];
  /** Slots that no proxy has a key for yet. */
  unenrolled: number;
  servers: {
    region: string;
    host: string;
    joined: boolean;
    /** UTC milliseconds; null before the first report. */
    reported_at: number | null;
  }[];
  /** Of each region. */
  ports: { region: string; all: number; taken: number }[];
}

/** Counts, at `now` in UTC milliseconds. Removed tunnels count for their ports alone. */
export async function takeCensus(db: Kysely<Tables>, now: number): Promise<Census> {
  const [counts, servers, ports] = await Promise.all([
    countSlots(db, now),
    db
      .selectFrom('tunnel_server as server')
      .innerJoin('region', 'region.id', 'server.region_id')
      .select(['region.slug as region', 'server.host', 'server.joined_at', 'server.reported_at'])
      .orderBy('region.slug')
      .orderBy('server.host')
      .execute(),
    db
      .selectFrom('region')
      .leftJoin('slot', 'slot.region_id', 'region.id')
      .select(({ fn, ref }) => [
        'region.slug as region',
        sql<number>`${ref('region.last_tunnel_port')} - ${ref('region.first_tunnel_port')} + 1`.as(
          'all',
        ),
        fn.count<number | string>('slot.tunnel_port').as('taken'),
      ])
      .groupBy(['region.slug', 'region.first_tunnel_port', 'region.last_tunnel_port'])
      .orderBy('region.slug')
      .execute(),
  ]);
  const enrolled = counts.filter(({ is_enrolled }) => is_enrolled === 1);
  const unenrolled = counts.filter(({ is_enrolled }) => is_enrolled === 0);
  return {
    slots: enrolled.map(({ is_enrolled: _, ...count }) => count),
    unenrolled: unenrolled.reduce((sum, { slots }) => sum + slots, 0),
    servers: servers.map(({ joined_at, ...server }) => ({ ...server, joined: joined_at !== null })),
    ports: ports.map((port) => ({ ...port, taken: Number(port.taken) })),
  };
}

/** States as `slotStatus` tells them: what a silent agent last said of a session counts for nothing. */
async function countSlots(
  db: Kysely<Tables>,
  now: number,
): Promise<(SlotCount & { is_enrolled: number })[]> {
  const heardSince = now - AGENT_SILENT_AFTER_MS;
  const each = slotsWithState(db)
    .innerJoin('tunnel', 'tunnel.id', 'slot.tunnel_id')
    .where('tunnel.removed_at', 'is', null)
    .where('slot.removed_at', 'is', null)
    .select(({ ref, exists, selectFrom }) => [
      sql<string>`case when ${ref('server.reported_at')} >= ${heardSince}
        then coalesce(${ref('state.session')}, 'down') else 'unknown' end`.as('session'),
      sql<string>`coalesce(${ref('state.database')}, 'unprobed')`.as('database'),
      sql<number>`case when ${exists(
        selectFrom('slot_key')
          .whereRef('slot_key.tunnel_id', '=', 'slot.tunnel_id')
          .whereRef('slot_key.slot', '=', 'slot.number')
          .where('slot_key.removed_at', 'is', null)
          .select('slot_key.id'),
      )} then 1 else 0 end`.as('is_enrolled'),
    ]);
  const rows = await db
    .selectFrom(each.as('each'))
    .select(({ fn }) => [
      'session',
      'database',
      'is_enrolled',
      fn.countAll<number | string>().as('slots'),
    ])
    .groupBy(['session', 'database', 'is_enrolled'])
    .orderBy('session')
    .orderBy('database')
    .execute();
  return rows.map((row) => ({ ...row, slots: Number(row.slots) }));
}
