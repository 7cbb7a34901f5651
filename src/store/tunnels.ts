import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Database } from '../domain/database.ts';
import { newId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import type { Slot, Tunnel } from '../domain/tunnel.ts';
import { afterCursor, type Page, type Paged, pageByCreation, rowsToRead } from './page.ts';
import { nextRevision } from './regions.ts';
import { insertSlot } from './slots.ts';
import type { Tables, TunnelTable } from './tables.ts';

export interface NewTunnel {
  slug: string;
  name: string;
  account_id: string;
  region_id: string;
  database: Database;
  /** How many; 1 when left out. */
  slots?: number;
}

/** A tunnel that is gone, and what went with it. */
export interface RemovedTunnel {
  tunnel: Tunnel;
  /** Of its keys. */
  fingerprints: string[];
  /** Ids of its enrolment tokens. */
  tokens: string[];
}

/**
 * Adds a tunnel and its slots, in a change that names the tunnel's region. Throws `not-found`
 * for an unknown account, `exists` for a slug that any tunnel has or had (it names files on
 * proxies), `region-empty` or `ports-exhausted` when the region has no place.
 */
export async function insertTunnel(
  trx: Transaction<Tables>,
  input: NewTunnel,
  now: number,
): Promise<{ tunnel: Tunnel; slots: [Slot, ...Slot[]] }> {
  await checkAccountExists(trx, input.account_id);
  const row = await trx
    .insertInto('tunnel')
    .values({
      id: newId('tun'),
      slug: input.slug,
      name: input.name,
      account_id: input.account_id,
      region_id: input.region_id,
      database: JSON.stringify(input.database),
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new Problem('exists', `there is or was a tunnel ${input.slug} already`, {
      field: 'slug',
      next: 'Choose another slug; it names files on the proxy and is never used twice.',
    });
  }
  const tunnel = toTunnel(row);
  const slots: [Slot, ...Slot[]] = [await insertSlot(trx, tunnel)];
  while (slots.length < (input.slots ?? 1)) slots.push(await insertSlot(trx, tunnel));
  return { tunnel, slots };
}

/** A tunnel that was not removed. */
export async function getTunnel(db: Kysely<Tables>, id: string): Promise<Tunnel | undefined> {
  const row = await db
    .selectFrom('tunnel')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row && toTunnel(row);
}

/** When a tunnel was removed, milliseconds; undefined for one that is there or never was. */
export async function tunnelRemovedAt(db: Kysely<Tables>, id: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('tunnel')
    .select('removed_at')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.removed_at ?? undefined;
}

/** Tunnels in the order in which they were made; with `accounts`, none but of these accounts' ids. */
export async function listTunnels(
  db: Kysely<Tables>,
  page: Page = {},
  accounts: string[] | null = null,
): Promise<Paged<Tunnel>> {
  if (accounts?.length === 0) return { items: [], next: null };
  const rows = await db
    .selectFrom('tunnel')
    .selectAll()
    .where('removed_at', 'is', null)
    .where(afterCursor(page))
    .$if(accounts !== null, (query) => query.where('account_id', 'in', accounts ?? []))
    .orderBy('created_at')
    .orderBy('id')
    .limit(rowsToRead(page))
    .execute();
  return pageByCreation(rows, page, toTunnel);
}

/**
 * Removes a tunnel with its keys and tokens, in a change that names the tunnel's region. Its slug,
 * tunnel ports and fingerprints stay taken. Throws `not-found` when it is not there.
 */
export async function removeTunnel(
  trx: Transaction<Tables>,
  id: string,
  now: number,
): Promise<RemovedTunnel> {
  const row = await trx
    .updateTable('tunnel')
    .set({ removed_at: now })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new Problem('not-found', 'there is no such tunnel', {
      next: 'List the tunnels to find its id.',
    });
  }
  const keys = await trx
    .updateTable('slot_key')
    .set({ removed_at: now, removed_revision: await nextRevision(trx, row.region_id) })
    .where('tunnel_id', '=', id)
    .where('removed_at', 'is', null)
    .returning('fingerprint')
    .execute();
  const tokens = await trx
    .updateTable('enrolment_token')
    .set({ revoked_at: now })
    .where('tunnel_id', '=', id)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  return {
    tunnel: toTunnel(row),
    fingerprints: keys.map(({ fingerprint }) => fingerprint),
    tokens: tokens.map(({ id }) => id),
  };
}

/** Ids of the regions in which an account has tunnels. */
export async function accountRegions(db: Kysely<Tables>, accountId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('tunnel')
    .select('region_id')
    .distinct()
    .where('account_id', '=', accountId)
    .where('removed_at', 'is', null)
    .execute();
  return rows.map(({ region_id }) => region_id);
}

async function checkAccountExists(trx: Transaction<Tables>, id: string): Promise<void> {
  const row = await trx.selectFrom('account').select('id').where('id', '=', id).executeTakeFirst();
  if (!row) {
    throw new Problem('not-found', 'there is no such account', {
      field: 'account',
      next: 'List the accounts to find its id.',
    });
  }
}

function toTunnel(row: Selectable<TunnelTable>): Tunnel {
  const { removed_at: _, ...tunnel } = row;
  return { ...tunnel, database: JSON.parse(row.database) };
}
