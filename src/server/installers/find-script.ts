import { type Platform, renderInstaller } from '../../render/index.ts';
import type { Services } from '../services.ts';
import { findRendered } from './find-rendered.ts';
import { type Script, scriptOf } from './script.ts';

/**
 * A slot's installer as of now. Throws the problems of `loadInstallerInput` and `renderInstaller`.
 */
export function findScript(
  services: Services,
  platform: Platform,
  tunnelId: string,
  slot: number,
): Promise<Script> {
  const { catalogue, scripts } = services;
  return findRendered(services, scripts[platform], tunnelId, slot, (input) =>
    scriptOf(platform, renderInstaller(catalogue, platform, input)),
  );
}
