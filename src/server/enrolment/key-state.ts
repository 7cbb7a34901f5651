import type { KeyState } from '../../domain/tunnel.ts';
import { isWaiting, type StoredKey } from '../../store/index.ts';

/**
 * What a key is to its slot. `active` only once the slot's tunnel server says that it has applied
 * the revision which brought the key: before that, a login would fail.
 */
export function keyState(key: StoredKey, applied: number | null): KeyState {
  if (key.removed_at !== null) return 'removed';
  if (isWaiting(key)) return 'waiting';
  return applied !== null && applied >= key.revision ? 'active' : 'pending';
}
