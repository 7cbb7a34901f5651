import type { Transaction } from 'kysely';
import type { Bundle } from '../bundle/index.ts';
import type { Catalogue, Platform } from '../render/index.ts';
import { type Changed, change, type Store, type Tables } from '../store/index.ts';
import type { Script } from './installers/script.ts';
import type { SlotCache } from './installers/slot-cache.ts';
import type { Metrics } from './metrics.ts';
import type { ServerSettings } from './settings.ts';
import type { WakeUps } from './wake-ups.ts';

/** What routes work with; one set for each server. */
export interface Services {
  store: Store;
  catalogue: Catalogue;
  settings: ServerSettings;
  scripts: Readonly<Record<Platform, SlotCache<Script>>>;
  bundles: SlotCache<Bundle>;
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
