import { isId } from '../../domain/id.ts';
import { type Platform, renderInstaller } from '../../render/index.ts';
import type { Services } from '../services.ts';
import { loadInstallerInput } from './load-input.ts';
import { type Script, scriptOf } from './script.ts';

/**
 * A slot's installer as of now. The region's revision is read every time, so what was withdrawn is
 * gone at once; the rest comes from the cache. Throws the problems of `loadInstallerInput`
 * and `renderInstaller`.
 */
export async function findScript(
  { store, scripts, settings, catalogue }: Services,
  platform: Platform,
  tunnelId: string,
  slot: number,
): Promise<Script> {
  const found = isId('tun', tunnelId) ? await store.slotRevision(tunnelId, slot) : undefined;
  const cached = found && scripts[platform].get(tunnelId, slot, found.revision);
  if (cached) return cached;
  // Also when there is no revision: this says why. What changes meanwhile has a higher revision, so
  // at worst a newer script is kept under an older number, and made once more.
  const input = await loadInstallerInput(store.db, settings, tunnelId, slot);
  const script = scriptOf(platform, renderInstaller(catalogue, platform, input));
  if (found) scripts[platform].set(tunnelId, slot, found.revision, script);
  return script;
}
