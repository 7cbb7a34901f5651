import { isId } from '../../domain/id.ts';
import type { InstallerInput } from '../../render/index.ts';
import type { Services } from '../services.ts';
import { loadInstallerInput } from './load-input.ts';
import type { SlotCache } from './slot-cache.ts';

/**
 * What is rendered of a slot, as of now. The region's revision is read every time, so what was
 * withdrawn is gone at once; the rest comes from the cache. Throws the problems of `loadInstallerInput`.
 */
export async function findRendered<Rendered>(
  { store, settings }: Services,
  cache: SlotCache<Rendered>,
  tunnelId: string,
  slot: number,
  render: (input: InstallerInput) => Rendered | Promise<Rendered>,
): Promise<Rendered> {
  const found = isId('tun', tunnelId) ? await store.slotRevision(tunnelId, slot) : undefined;
  const cached = found && cache.get(tunnelId, slot, found.revision);
  if (cached) return cached;
  // Also when there is no revision: this says why. What changes meanwhile has a higher revision, so
  // at worst something newer is kept under an older number, and made once more.
  const rendered = await render(await loadInstallerInput(store.db, settings, tunnelId, slot));
  if (found) cache.set(tunnelId, slot, found.revision, rendered);
  return rendered;
}
