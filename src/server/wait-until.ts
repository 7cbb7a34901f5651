import type { Services } from './services.ts';

/** Changes of this instance wake at once; those of others are seen by looking this often. */
const LOOK_EVERY_MS = 1000;

/**
 * Looks until there is something to see, at each change of what has that id and now and then;
 * undefined when `ms` have passed, the caller has gone, or the server is closing.
 */
export async function waitUntil<Seen>(
  { wakeUps }: Pick<Services, 'wakeUps'>,
  { id, ms }: { id: string; ms: number },
  look: () => Promise<Seen | undefined>,
  gone: AbortSignal,
): Promise<Seen | undefined> {
  const deadline = Date.now() + ms;
  for (;;) {
    const ended = new AbortController();
    const left = Math.max(0, Math.min(LOOK_EVERY_MS, deadline - Date.now()));
    // Listens before it looks, or a change between the two would go unheard for a second.
    const woken = wakeUps.wait(id, left, AbortSignal.any([gone, ended.signal]));
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (left === 0 || gone.aborted || wakeUps.closed) return undefined;
      await woken;
    } finally {
      ended.abort();
    }
  }
}
