import type { Region } from '../../domain/region.ts';
import { getRegion } from '../../store/index.ts';
import type { Services } from '../services.ts';
import { waitUntil } from '../wait-until.ts';

/**
 * Waits until a region's revision is another than `since`, and gives the region; undefined when `ms`
 * have passed, the caller has gone, or the server is closing.
 */
export async function waitForRevision(
  services: Services,
  { region: id, since, ms }: { region: string; since: number; ms: number },
  gone: AbortSignal,
): Promise<Region | undefined> {
  const look = async () => {
    const region = await getRegion(services.store.db, id);
    if (!region) throw new Error('a tunnel server without its region');
    return region.revision === since ? undefined : region;
  };
  return waitUntil(services, { id, ms }, look, gone);
}
