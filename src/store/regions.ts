import type { Kysely, Selectable, Transaction } from 'kysely';
import { newId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import type { Region, RegionInput } from '../domain/region.ts';
import { afterCursor, type Page, type Paged, pageByCreation, rowsToRead } from './page.ts';
import type { RegionTable, Tables } from './tables.ts';

/** Adds a region, at revision 1. Throws an `exists` problem when its slug is taken. */
export async function insertRegion(
  trx: Transaction<Tables>,
  input: RegionInput,
  now: number,
): Promise<Region> {
  const row = await trx
    .insertInto('region')
    .values({
      ...input,
      id: newId('reg'),
      alternate_ports: JSON.stringify(input.alternate_ports),
      egress_addresses: JSON.stringify(input.egress_addresses),
      revision: 1,
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new Problem('exists', `there is a region ${input.slug} already`, {
      field: 'slug',
      next: 'Choose another slug.',
    });
  }
  return toRegion(row);
}

export async function getRegion(db: Kysely<Tables>, id: string): Promise<Region | undefined> {
  const row = await db.selectFrom('region').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRegion(row);
}

export async function findRegionBySlug(
  db: Kysely<Tables>,
  slug: string,
): Promise<Region | undefined> {
  const row = await db.selectFrom('region').selectAll().where('slug', '=', slug).executeTakeFirst();
  return row && toRegion(row);
}

/** Regions in the order in which they were made. */
export async function listRegions(db: Kysely<Tables>, page: Page = {}): Promise<Paged<Region>> {
  const rows = await db
    .selectFrom('region')
    .selectAll()
    .where(afterCursor(page))
    .orderBy('created_at')
    .orderBy('id')
    .limit(rowsToRead(page))
    .execute();
  return pageByCreation(rows, page, toRegion);
}

/** The revision that the running change will give the region, which it holds locked. */
export async function nextRevision(trx: Transaction<Tables>, regionId: string): Promise<number> {
  const { revision } = await trx
    .selectFrom('region')
    .select('revision')
    .where('id', '=', regionId)
    .executeTakeFirstOrThrow();
  return revision + 1;
}

function toRegion(row: Selectable<RegionTable>): Region {
  return {
    ...row,
    alternate_ports: JSON.parse(row.alternate_ports),
    egress_addresses: JSON.parse(row.egress_addresses),
  };
}
