import type { Artifact, Platform } from '../../render/index.ts';
import type { StoredBundle } from '../../store/index.ts';

/** What a slot's bundle is called. */
export const BUNDLE_FILE = 'bundle.tar.gz';

/** An installer or a bundle, ready to be sent: nothing is computed a request. */
export interface Script {
  bytes: Buffer;
  /** Of the bytes; of a bundle, of the tar in it. */
  sha256: string;
  headers: Record<string, string>;
}

/** A file that was kept, and until when, UTC milliseconds, time alone cannot withdraw it. */
export type Kept = Script & { until: number };

/** Headers of every file of a slot. Caches must ask again: a withdrawal counts at once. */
export const COMMON_HEADERS = {
  'cache-control': 'no-cache',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Headers of every script of a platform, also of one that explains an error. */
export const SCRIPT_HEADERS: Readonly<Record<Platform, Record<string, string>>> = {
  linux: { ...COMMON_HEADERS, 'content-type': 'text/x-shellscript; charset=utf-8' },
  // As text, Invoke-WebRequest gives a string, which can be run where no script file may be.
  windows: { ...COMMON_HEADERS, 'content-type': 'text/plain; charset=us-ascii' },
};

/** Headers of digests, signatures and keys. */
export const TEXT_HEADERS = { ...COMMON_HEADERS, 'content-type': 'text/plain; charset=utf-8' };

/** Makes a rendered file ready to be sent. */
export function scriptOf(
  platform: Platform,
  { bytes, sha256 }: Pick<Artifact, 'bytes' | 'sha256'>,
): Script {
  return { bytes, sha256, headers: { ...SCRIPT_HEADERS[platform], etag: `"${sha256}"` } };
}

/** Makes a bundle ready to be sent. */
export function bundleOf({ gzip, sha256 }: Pick<StoredBundle, 'gzip' | 'sha256'>): Script {
  const headers = { ...COMMON_HEADERS, 'content-type': 'application/gzip', etag: `"${sha256}"` };
  return { bytes: gzip, sha256, headers };
}
