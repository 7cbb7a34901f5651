import type { Artifact } from '../../render/index.ts';

/** A rendered installer, ready to be sent: nothing is computed a request. */
export interface Script {
  bytes: Buffer;
  sha256: string;
  headers: Record<string, string>;
}

/** Headers of every script, also of one that explains an error. */
export const SCRIPT_HEADERS = {
  'content-type': 'text/x-shellscript; charset=utf-8',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Makes a rendered file ready to be sent. Caches must ask again: a withdrawal counts at once. */
export function scriptOf({ bytes, sha256 }: Artifact): Script {
  const headers = { ...SCRIPT_HEADERS, 'cache-control': 'no-cache', etag: `"${sha256}"` };
  return { bytes, sha256, headers };
}
