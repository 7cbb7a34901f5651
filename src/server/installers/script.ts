import type { Artifact, Platform } from '../../render/index.ts';

/** A rendered installer, ready to be sent: nothing is computed a request. */
export interface Script {
  bytes: Buffer;
  sha256: string;
  headers: Record<string, string>;
}

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
export function scriptOf(platform: Platform, { bytes, sha256 }: Artifact): Script {
  return { bytes, sha256, headers: { ...SCRIPT_HEADERS[platform], etag: `"${sha256}"` } };
}
