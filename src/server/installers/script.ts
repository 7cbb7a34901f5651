import type { Artifact, Platform } from '../../render/index.ts';

/** A rendered installer, ready to be sent: nothing is computed a request. */
export interface Script {
  bytes: Buffer;
  sha256: string;
  headers: Record<string, string>;
}

const SAFE_HEADERS = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Headers of every script of a platform, also of one that explains an error. */
export const SCRIPT_HEADERS: Readonly<Record<Platform, Record<string, string>>> = {
  linux: { 'content-type': 'text/x-shellscript; charset=utf-8', ...SAFE_HEADERS },
  // As text, Invoke-WebRequest gives a string, which can be run where no script file may be.
  windows: { 'content-type': 'text/plain; charset=us-ascii', ...SAFE_HEADERS },
};

/** Headers of a digest. */
export const DIGEST_HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-cache',
  ...SAFE_HEADERS,
};

/** Makes a rendered file ready to be sent. Caches must ask again: a withdrawal counts at once. */
export function scriptOf(platform: Platform, { bytes, sha256 }: Artifact): Script {
  const headers = { ...SCRIPT_HEADERS[platform], 'cache-control': 'no-cache', etag: `"${sha256}"` };
  return { bytes, sha256, headers };
}
