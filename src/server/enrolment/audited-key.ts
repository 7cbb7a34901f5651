import type { StoredKey } from '../../store/index.ts';

/** What the audit keeps of a proxy's key. */
export function auditedKey({ slot, fingerprint, platform, render, confirmed_at }: StoredKey) {
  return { slot, fingerprint, platform, render, waiting: confirmed_at === null };
}
