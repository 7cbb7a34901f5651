import { isWaiting, type StoredKey } from '../../store/index.ts';

/** What the audit keeps of a proxy's key. */
export function auditedKey(key: StoredKey) {
  const { slot, fingerprint, platform, render } = key;
  return { slot, fingerprint, platform, render, waiting: isWaiting(key) };
}
