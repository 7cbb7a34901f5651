import type { Kysely } from 'kysely';
import { isId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import type { Slot, Tunnel } from '../domain/tunnel.ts';
import { getSlot, getTunnel, type Tables, tunnelRemovedAt } from '../store/index.ts';

/** A tunnel that is in use. Throws `not-found`, and says so when it was removed. */
export async function findTunnel(db: Kysely<Tables>, id: string): Promise<Tunnel> {
  const tunnel = isId('tun', id) ? await getTunnel(db, id) : undefined;
  if (tunnel) return tunnel;
  const removed = isId('tun', id) && (await tunnelRemovedAt(db, id)) !== undefined;
  throw new Problem(
    'not-found',
    removed ? 'this tunnel was removed by the vendor' : 'there is no such tunnel',
    { next: 'Ask the vendor for the present address.' },
  );
}

/** A slot of a tunnel. Throws `not-found` naming `slot`. */
export async function findSlot(
  db: Kysely<Tables>,
  tunnelId: string,
  number: number,
): Promise<Slot> {
  const slot = await getSlot(db, tunnelId, number);
  if (slot) return slot;
  throw new Problem('not-found', 'this tunnel has no such slot', {
    field: 'slot',
    next: 'Leave the slot out of the address, or ask the vendor for the right one.',
  });
}
