import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** Begins a query over slots, each with its tunnel server and with what that server reported of it, if anything. */
export function slotsWithState(db: Kysely<Tables>) {
  return db
    .selectFrom('slot')
    .innerJoin('tunnel_server as server', 'server.id', 'slot.server_id')
    .leftJoin('slot_state as state', (join) =>
      join
        .onRef('state.tunnel_id', '=', 'slot.tunnel_id')
        .onRef('state.slot', '=', 'slot.number')
        .onRef('state.server_id', '=', 'slot.server_id'),
    );
}
