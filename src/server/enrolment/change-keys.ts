import { listTunnelKeys } from '../../store/index.ts';
import { findSlot, findTunnel } from '../find-tunnel.ts';
import type { Services } from '../services.ts';
import { addKey } from './add-key.ts';
import { dropKey } from './drop-key.ts';
import type { Enrolled } from './enrolled.ts';
import { invalid } from './key-fields.ts';
import type { KeysBody } from './schemas.ts';

export interface KeysRequest {
  tunnel: string;
  /** The caller's address. */
  from: string;
  body: KeysBody;
}

const FIELDS = {
  add: ['op', 'slot', 'old', 'public_key', 'proof_old', 'proof_new', 'render'],
  remove: ['op', 'slot', 'target', 'proof'],
};

/**
 * Takes a new key into a slot, proved by an old and the new one, or removes one, proved by any key
 * of the slot. Repeated, both give the same answer. Throws the problems of design/wire.md.
 */
export async function changeKeys(
  services: Services,
  { tunnel: tunnelId, from, body }: KeysRequest,
): Promise<Enrolled | { result: 'removed' }> {
  const foreign = Object.keys(body).find((name) => !FIELDS[body.op].includes(name));
  if (foreign !== undefined) throw invalid(foreign, `is not a field of op=${body.op}`);
  const { db } = services.store;
  await findTunnel(db, tunnelId);
  const slot = await findSlot(db, tunnelId, body.slot);
  const all = await listTunnelKeys(db, tunnelId);
  const keys = all.filter((key) => key.slot === slot.number);
  return body.op === 'add'
    ? addKey(services, slot, keys, body, from)
    : dropKey(services, slot, keys, body, from);
}
