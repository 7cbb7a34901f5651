import type { Kysely } from 'kysely';
import { isAgentSilent } from '../../domain/status.ts';
import type { KeyState, Slot } from '../../domain/tunnel.ts';
import {
  findKeyByFingerprint,
  getSlotState,
  getTunnelServer,
  listSlotKeys,
  type StoredKey,
  type Tables,
} from '../../store/index.ts';
import { keyState } from './key-state.ts';

/** A slot as its customer sees it. Times in Unix seconds, 0 for never. */
export interface SlotStatus {
  key: KeyState | 'none' | 'unknown';
  session: string;
  session_id: string;
  session_key: string;
  session_since: number;
  database: string;
  database_at: number;
  reason: string;
  agent_at: number;
  /** Digest of the render that came with the key. */
  render: string;
}

/** Tells the state of a slot and, given a fingerprint, of that key; else of the slot's best key. */
export async function slotStatus(
  db: Kysely<Tables>,
  slot: Slot,
  fingerprint: string | undefined,
  now: number,
): Promise<SlotStatus> {
  const [state, server, keys] = await Promise.all([
    getSlotState(db, slot.tunnel_id, slot.number),
    getTunnelServer(db, slot.server_id),
    listSlotKeys(db, slot.tunnel_id, slot.number),
  ]);
  if (!state || !server) throw new Error('a slot without its tunnel server');
  const stateOf = (key: StoredKey) => keyState(key, server.applied);
  const asked = fingerprint && (await findOwnKey(db, slot, fingerprint));
  const key = fingerprint === undefined ? bestKey(keys, server.applied) : asked || undefined;
  const { agent_at, ...report } = state;
  const silent = isAgentSilent(agent_at, now);
  return {
    key: key ? stateOf(key) : fingerprint === undefined ? 'none' : 'unknown',
    ...report,
    session: silent ? 'unknown' : report.session,
    reason: reasonOf(silent, keys, report),
    agent_at: Math.floor((agent_at ?? 0) / 1000),
    render: key?.render ?? '',
  };
}

/** Of a slot's keys the one that says most about it: an active one, else the newest. */
export function bestKey(keys: StoredKey[], applied: number | null): StoredKey | undefined {
  return keys.find((key) => keyState(key, applied) === 'active') ?? keys.at(-1);
}

async function findOwnKey(
  db: Kysely<Tables>,
  slot: Slot,
  fingerprint: string,
): Promise<StoredKey | undefined> {
  const key = await findKeyByFingerprint(db, fingerprint);
  return key?.tunnel_id === slot.tunnel_id && key.slot === slot.number ? key : undefined;
}

function reasonOf(
  silent: boolean,
  keys: StoredKey[],
  { session, reason }: { session: string; reason: string },
): string {
  if (silent) return 'agent-silent';
  if (keys.length === 0) return 'not-enrolled';
  if (reason !== '') return reason;
  if (session === 'down') return 'session-down';
  return session === 'taken' ? 'port-taken' : '';
}
