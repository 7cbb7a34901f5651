import type { Kysely } from 'kysely';
import { Problem } from '../../domain/problem.ts';
import type { Region } from '../../domain/region.ts';
import { findRegionBySlug, getRegion, type Tables } from '../../store/index.ts';

/** A region by its id or slug; no slug has an underscore, so no name can be both. */
export async function findRegion(
  db: Kysely<Tables>,
  name: string,
  field?: string,
): Promise<Region> {
  const region = name.includes('_') ? await getRegion(db, name) : await findRegionBySlug(db, name);
  if (region) return region;
  throw new Problem('not-found', 'there is no such region', {
    ...(field !== undefined && { field }),
    next: 'List the regions to find its id.',
  });
}
