import type { Transaction } from 'kysely';
import type { Compare } from '../bundle/index.ts';
import type { Catalogue } from '../render/index.ts';
import { type Changed, change, type Store, type Tables } from '../store/index.ts';
import type { RevisionCache } from './installers/revision-cache.ts';
import type { Kept } from './installers/script.ts';
import type { Served } from './installers/served.ts';
import type { Metrics } from './metrics.ts';
import type { ServerSettings } from './settings.ts';
import type { WakeUps } from './wake-ups.ts';

/** What routes work with; one set for each server. */
export interface Services {
  store: Store;
  catalogue: Catalogue;
  settings: ServerSettings;
  /** What each slot serves. */
  served: RevisionCache<Served>;
  /** Files by their digests. */
  files: RevisionCache<Kept>;
  /** Of each slot, the installers whose bundle this process has kept last, and that bundle. */
  kept: Map<string, { installers: string; bundle: string }>;
  compare: Compare;
  wakeUps: WakeUps;
  metrics: Metrics;
}

/** The store's one write path, after which the regions' agents hear of it at once. */
export async function changeAndWake<T>(
  { store, wakeUps }: Services,
  regions: string[],
  work: (trx: Transaction<Tables>, at: number) => Promise<Changed<T>>,
): Promise<T> {
  const result = await change(store, { regions }, work);
  for (const region of regions) wakeUps.wake(region);
  return result;
}
