import type { Kysely } from 'kysely';
import { Problem } from '../../domain/problem.ts';
import type { PublicKey } from '../../domain/public-key.ts';
import type { Slot } from '../../domain/tunnel.ts';
import { findKeyByFingerprint, type StoredKey, type Tables } from '../../store/index.ts';

/** The slot's key with that fingerprint, if any. Throws `key-elsewhere` or `key-removed`. */
export async function findOwnKey(
  db: Kysely<Tables>,
  slot: Slot,
  { fingerprint }: PublicKey,
): Promise<StoredKey | undefined> {
  const key = await findKeyByFingerprint(db, fingerprint);
  if (!key) return undefined;
  if (key.tunnel_id !== slot.tunnel_id || key.slot !== slot.number) {
    throw new Problem('key-elsewhere', 'this key belongs to another tunnel or slot', {
      field: 'public_key',
      next: 'Make a key pair for this tunnel alone.',
    });
  }
  if (key.removed_at !== null) {
    throw new Problem('key-removed', 'this key was removed and cannot come back', {
      field: 'public_key',
      next: 'Make a new key pair and enrol that.',
    });
  }
  return key;
}
