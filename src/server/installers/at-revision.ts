import { isId } from '../../domain/id.ts';
import type { Services } from '../services.ts';
import type { RevisionCache } from './revision-cache.ts';

/**
 * What was made of a slot at the region's present revision; made anew where there is none, or where
 * time alone may have changed it. The revision is read every time, so what was withdrawn is gone at
 * once. Throws what `make` throws.
 */
export async function atRevision<Value extends { until: number }>(
  { store }: Pick<Services, 'store'>,
  cache: RevisionCache<Value>,
  place: { tunnelId: string; slot: number },
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const { tunnelId, slot } = place;
  const found = isId('tun', tunnelId) ? await store.slotRevision(tunnelId, slot) : undefined;
  const cached = found && cache.get(key, found.revision);
  if (cached && cached.until > Date.now()) return cached;
  // Also when there is no revision: this says why. What changes meanwhile has a higher revision, so
  // at worst something newer is kept under an older number, and made once more.
  const fresh = await make();
  if (found) cache.set(key, found.revision, fresh);
  return fresh;
}
