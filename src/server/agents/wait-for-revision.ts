import type { Region } from '../../domain/region.ts';
import { getRegion } from '../../store/index.ts';
import type { Services } from '../services.ts';

/** Changes of this instance wake at once; those of others are seen by looking this often. */
const LOOK_EVERY_MS = 1000;

/**
 * Waits until a region's revision is another than `since`, and gives the region; undefined when `ms`
 * have passed, the caller has gone, or the server is closing.
 */
export async function waitForRevision(
  { store, wakeUps }: Services,
  { region: id, since, ms }: { region: string; since: number; ms: number },
  gone: AbortSignal,
): Promise<Region | undefined> {
  const deadline = Date.now() + ms;
  for (;;) {
    const ended = new AbortController();
    const left = Math.max(0, Math.min(LOOK_EVERY_MS, deadline - Date.now()));
    // Listens before it looks, or a change between the two would go unheard for a second.
    const woken = wakeUps.wait(id, left, AbortSignal.any([gone, ended.signal]));
    try {
      const region = await getRegion(store.db, id);
      if (!region) throw new Error('a tunnel server without its region');
      if (region.revision !== since) return region;
      if (left === 0 || gone.aborted || wakeUps.closed) return undefined;
      await woken;
    } finally {
      ended.abort();
    }
  }
}
