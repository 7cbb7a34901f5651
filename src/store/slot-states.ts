import type { Kysely } from 'kysely';
import type { DatabaseState, Reason, SessionState, SlotReport } from '../domain/status.ts';
import { slotsWithState } from './slots-with-state.ts';
import type { Tables } from './tables.ts';

/** What is known of a slot, and how fresh it is. */
export interface SlotState extends SlotReport {
  /** When its agent last reported anything, milliseconds; null before its first report. */
  agent_at: number | null;
}

/** What the slot's agent last said of it; undefined when there is no such slot. */
export async function getSlotState(
  db: Kysely<Tables>,
  tunnelId: string,
  slot: number,
): Promise<SlotState | undefined> {
  const row = await slotsWithState(db)
    .select([
      'server.reported_at as agent_at',
      'state.session',
      'state.session_id',
      'state.session_key',
      'state.session_since',
      'state.database',
      'state.database_at',
      'state.reason',
    ])
    .where('slot.tunnel_id', '=', tunnelId)
    .where('slot.number', '=', slot)
    .executeTakeFirst();
  if (!row) return undefined;
  // An agent that has reported, but never of this slot, has seen no session on its port.
  const unseen: SessionState = row.agent_at === null ? 'unknown' : 'down';
  return {
    session: (row.session as SessionState | null) ?? unseen,
    session_id: row.session_id ?? '',
    session_key: row.session_key ?? '',
    session_since: row.session_since ?? 0,
    database: (row.database as DatabaseState | null) ?? 'unprobed',
    database_at: row.database_at ?? 0,
    reason: (row.reason as Reason | null) ?? '',
    agent_at: row.agent_at,
  };
}
