import { type Kysely, sql } from 'kysely';
import type { Database } from '../domain/database.ts';
import { readSources } from './source-column.ts';
import type { Tables } from './tables.ts';

/** A key that may log in on a tunnel server, and the slot that it may listen for. */
export interface AgentKeyRow {
  fingerprint: string;
  type: string;
  blob: string;
  tunnel_id: string;
  slot: number;
  tunnel_port: number;
  /** CIDR blocks that it may log in from; none: any. */
  sources: string[];
  database: Database;
}

export interface AgentKeys {
  /** The region's revision at which all of this was true. */
  revision: number;
  keys: AgentKeyRow[];
  /** Fingerprints. The agent need not have heard of all of them. */
  removed: string[];
}

/**
 * What changed on a tunnel server behind the revision `since`; 0 gives all of its keys, and nothing
 * to remove. One statement, so that the revision and the keys are of one moment. A `since` above
 * the revision it answers (a store restored from a backup) calls for 0. Undefined: no such server.
 */
export async function agentKeys(
  db: Kysely<Tables>,
  serverId: string,
  since: number,
): Promise<AgentKeys | undefined> {
  const { rows } = await sql<ChangedRow>`
    select region.revision, changed.*
    from tunnel_server as server
    join region on region.id = server.region_id
    left join (
      select slot_key.fingerprint, slot_key.type, slot_key.blob, slot_key.tunnel_id, slot_key.slot,
        slot_key.removed_at, slot.tunnel_port, slot.source_cidr, slot.server_id, tunnel.database
      from slot
      join tunnel on tunnel.id = slot.tunnel_id
      join slot_key on slot_key.tunnel_id = slot.tunnel_id and slot_key.slot = slot.number
      where slot.server_id = ${serverId}
        and slot_key.confirmed_at is not null
        and (slot_key.removed_at is null and slot_key.revision > ${since}
          or slot_key.removed_revision > ${since > 0 ? since : null})
    ) as changed on changed.server_id = server.id
    where server.id = ${serverId}
    order by changed.fingerprint`.execute(db);
  const first = rows[0];
  if (!first) return undefined;
  const changed = rows.filter((row): row is ChangedKeyRow => row.fingerprint !== null);
  return {
    revision: first.revision,
    keys: changed.filter(({ removed_at }) => removed_at === null).map(toAgentKey),
    removed: changed
      .filter(({ removed_at }) => removed_at !== null)
      .map(({ fingerprint }) => fingerprint),
  };
}

/** Fingerprints of every key that may log in on a server, sorted, and the revision they are of. */
export async function serverFingerprints(
  db: Kysely<Tables>,
  serverId: string,
): Promise<{ revision: number; fingerprints: string[] } | undefined> {
  const { rows } = await sql<{ revision: number; fingerprint: string | null }>`
    select region.revision, live.fingerprint
    from tunnel_server as server
    join region on region.id = server.region_id
    left join (
      select slot_key.fingerprint, slot.server_id
      from slot
      join slot_key on slot_key.tunnel_id = slot.tunnel_id and slot_key.slot = slot.number
      where slot.server_id = ${serverId}
        and slot_key.confirmed_at is not null
        and slot_key.removed_at is null
    ) as live on live.server_id = server.id
    where server.id = ${serverId}`.execute(db);
  const first = rows[0];
  if (!first) return undefined;
  const fingerprints = rows.flatMap(({ fingerprint }) => fingerprint ?? []).sort();
  return { revision: first.revision, fingerprints };
}

interface ChangedKeyRow {
  revision: number;
  fingerprint: string;
  type: string;
  blob: string;
  tunnel_id: string;
  slot: number;
  removed_at: number | null;
  tunnel_port: number;
  source_cidr: string | null;
  database: string;
}

/** A server without changes still has one row, for the revision. */
type ChangedRow = ChangedKeyRow | { revision: number; fingerprint: null };

function toAgentKey(row: ChangedKeyRow): AgentKeyRow {
  const { fingerprint, type, blob, tunnel_id, slot, tunnel_port, source_cidr } = row;
  return {
    fingerprint,
    type,
    blob,
    tunnel_id,
    slot,
    tunnel_port,
    sources: readSources(source_cidr),
    database: JSON.parse(row.database),
  };
}
