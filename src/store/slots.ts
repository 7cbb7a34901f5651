import { type Kysely, sql, type Transaction } from 'kysely';
import { Problem } from '../domain/problem.ts';
import type { Slot } from '../domain/tunnel.ts';
import type { Tables } from './tables.ts';

/**
 * Adds a slot to a tunnel: the lowest free tunnel port of the region, on the joined tunnel server
 * that has the fewest slots. Only in a change that names the region: its lock is what keeps two
 * callers from the same port. Throws `region-empty` or `ports-exhausted`.
 */
export async function insertSlot(
  trx: Transaction<Tables>,
  tunnel: { id: string; region_id: string },
  number: number,
): Promise<Slot> {
  const slot: Slot = {
    tunnel_id: tunnel.id,
    number,
    region_id: tunnel.region_id,
    server_id: await leastUsedServer(trx, tunnel.region_id),
    tunnel_port: await lowestFreePort(trx, tunnel.region_id),
  };
  await trx.insertInto('slot').values(slot).execute();
  return slot;
}

/** A slot, also of a removed tunnel. */
export async function getSlot(
  db: Kysely<Tables>,
  tunnelId: string,
  number: number,
): Promise<Slot | undefined> {
  return db
    .selectFrom('slot')
    .selectAll()
    .where('tunnel_id', '=', tunnelId)
    .where('number', '=', number)
    .executeTakeFirst();
}

/** The slots of a tunnel, by number. */
export async function listSlots(db: Kysely<Tables>, tunnelId: string): Promise<Slot[]> {
  return db
    .selectFrom('slot')
    .selectAll()
    .where('tunnel_id', '=', tunnelId)
    .orderBy('number')
    .execute();
}

async function leastUsedServer(trx: Transaction<Tables>, regionId: string): Promise<string> {
  const row = await trx
    .selectFrom('tunnel_server as server')
    .select('server.id')
    .where('server.region_id', '=', regionId)
    .where('server.joined_at', 'is not', null)
    .orderBy((server) =>
      server
        .selectFrom('slot')
        .innerJoin('tunnel', 'tunnel.id', 'slot.tunnel_id')
        .whereRef('slot.server_id', '=', 'server.id')
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

/** The ports to look at are the range's first, and each one behind a port that is taken. */
async function lowestFreePort(trx: Transaction<Tables>, regionId: string): Promise<number> {
  const { rows } = await sql<{ port: number | null }>`
    select min(candidate.port) as port
    from region
    join (
      select first_tunnel_port as port from region where id = ${regionId}
      union all
      select tunnel_port + 1 from slot where region_id = ${regionId}
    ) as candidate
      on candidate.port between region.first_tunnel_port and region.last_tunnel_port
    where region.id = ${regionId}
      and not exists (
        select 1 from slot where region_id = ${regionId} and tunnel_port = candidate.port
      )`.execute(trx);
  const port = rows[0]?.port ?? null;
  if (port === null) {
    throw new Problem('ports-exhausted', 'every tunnel port of this region is taken', {
      field: 'region',
      next: 'Choose another region, or make one with a wider range of tunnel ports.',
    });
  }
  return port;
}
