import type { Kysely } from 'kysely';
import type { Slot } from '../../domain/tunnel.ts';
import { getTunnelServer, type StoredKey, type Tables } from '../../store/index.ts';
import { keyState } from './key-state.ts';

/** The answer to an enrolment, and to a new key of a slot. */
export interface Enrolled {
  result: 'enrolled' | 'waiting';
  tunnel: string;
  slot: number;
  fingerprint: string;
  key: 'pending' | 'active' | 'waiting';
}

/** Describes a key that is not removed. */
export async function enrolled(db: Kysely<Tables>, slot: Slot, key: StoredKey): Promise<Enrolled> {
  const server = await getTunnelServer(db, slot.server_id);
  const state = keyState(key, server?.applied ?? null) as Enrolled['key'];
  return {
    result: state === 'waiting' ? 'waiting' : 'enrolled',
    tunnel: slot.tunnel_id,
    slot: slot.number,
    fingerprint: key.fingerprint,
    key: state,
  };
}
