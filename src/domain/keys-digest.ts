import { createHash } from 'node:crypto';

/** SHA-256 over the sorted fingerprints of keys (64 hex digits each), a line each: equal sets, equal digests. */
export function keysDigest(fingerprints: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const fingerprint of [...fingerprints].sort()) hash.update(`${fingerprint}\n`);
  return hash.digest('hex');
}
