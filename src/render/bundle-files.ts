import type { BundleFile } from '../domain/bundle-file.ts';
import { barrierOf } from './barrier.ts';
import { type Catalogue, templateOf, textOf } from './catalogue.ts';
import { type CheckedInstallerInput, checkInstallerInput } from './input.ts';
import { renderInstaller } from './installer.ts';
import { slotUrl } from './installer-url.ts';
import { renderManifest } from './manifest.ts';
import { PLACE_FILES } from './placed-files.ts';
import { renderPlan } from './plan.ts';
import { PLATFORMS, type Platform } from './platform.ts';

/**
 * What a reviewer reads of a slot: every installer, the files that they write, what they change, and
 * how to check all of it. Throws the problems of `renderInstaller`.
 */
export function renderBundleFiles(
  catalogue: Catalogue,
  given: unknown,
  { signed }: { signed: boolean },
): BundleFile[] {
  const input = checkInstallerInput(given);
  const platforms = PLATFORMS.filter((platform) => !barrierOf(platform, input));
  const artifacts = platforms.map((platform) => renderInstaller(catalogue, platform, input));
  const files = platforms.flatMap((platform) => PLACE_FILES[platform](catalogue, input));
  const texts: Record<string, string> = {
    'ACTIONS.md': renderActions(catalogue, platforms, input),
    'MANIFEST.json': renderManifest(input, artifacts, files),
    'VERIFY.md': templateOf(catalogue, 'verify').render({
      vendor_slug: input.vendor.slug,
      slot_url: slotUrl(input.public_url, input.tunnel.id, input.slot),
      signed,
    }),
  };
  return [
    ...artifacts.map(({ file, bytes }) => ({ path: file, bytes })),
    ...files,
    ...Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
  ];
}

function renderActions(
  catalogue: Catalogue,
  platforms: readonly Platform[],
  input: CheckedInstallerInput,
): string {
  const plans = platforms.map((platform) => {
    const { manifest } = templateOf(catalogue, platform);
    return `\n## ${manifest.output}\n\n${renderPlan(catalogue, platform, input)}`;
  });
  return [textOf(catalogue, 'actions'), ...plans].join('');
}
