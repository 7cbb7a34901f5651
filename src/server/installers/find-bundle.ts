import { type Bundle, makeBundle } from '../../bundle/index.ts';
import { renderBundleFiles } from '../../render/index.ts';
import type { Services } from '../services.ts';
import { findRendered } from './find-rendered.ts';

/**
 * A slot's bundle as of now. It is kept compressed, once for everyone who asks: compressing for each
 * download would cost milliseconds of CPU, and 256 KB of memory while it lasts (zlib's `deflateInit`).
 * Throws the problems of `loadInstallerInput`.
 */
export function findBundle(services: Services, tunnelId: string, slot: number): Promise<Bundle> {
  const { catalogue, bundles, settings } = services;
  const signed = settings.signing !== undefined;
  return findRendered(services, bundles, tunnelId, slot, (input) =>
    makeBundle(renderBundleFiles(catalogue, input, { signed }), settings.signing),
  );
}
