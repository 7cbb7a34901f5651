import { canonicalJson } from '../domain/audit.ts';
import type { BundleFile } from '../domain/bundle-file.ts';
import type { Artifact } from './artifact.ts';
import { sha256 } from './digest.ts';
import type { CheckedInstallerInput } from './input.ts';

/** The bundle's MANIFEST.json: whose tunnel it is, what made each artifact, and all digests. */
export function renderManifest(
  { public_url, vendor, account, tunnel, slot }: CheckedInstallerInput,
  artifacts: readonly Artifact[],
  files: readonly BundleFile[],
): string {
  const manifest = {
    v: 1,
    public_url,
    vendor,
    account,
    tunnel,
    slot,
    artifacts: artifacts.map(({ file, sha256, template, render }) => ({
      file,
      sha256,
      template,
      render,
    })),
    files: files.map(({ path, bytes }) => ({ file: path, sha256: sha256(bytes) })),
  };
  return `${canonicalJson(manifest)}\n`;
}
