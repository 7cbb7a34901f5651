import type { AgentKey, AgentState } from '../../domain/agent-protocol.ts';
import { keysDigest } from '../../domain/keys-digest.ts';
import type { KeyType } from '../../domain/public-key.ts';
import type { Region, TunnelServer } from '../../domain/region.ts';
import { authorizedKeyLine } from '../../render/index.ts';
import { type AgentKeyRow, agentKeys, type Store, serverFingerprints } from '../../store/index.ts';

/**
 * What a tunnel server's agent must know, as the difference from the revision `since`, or whole for
 * 0 and for a revision that this store has not reached (it came back from a backup).
 */
export async function readState(
  { db }: Store,
  server: TunnelServer,
  region: Region,
  since: number,
): Promise<AgentState> {
  const from = since > region.revision ? 0 : since;
  for (;;) {
    const changed = await agentKeys(db, server.id, from);
    const all = await serverFingerprints(db, server.id);
    if (!changed || !all) throw new Error('a tunnel server that is not there');
    // A change between the two would give a digest of other keys than these.
    if (changed.revision !== all.revision) continue;
    return {
      revision: changed.revision,
      full: from === 0,
      keys: changed.keys.map((key) => agentKey(region, key)),
      removed: changed.removed,
      digest: keysDigest(all.fingerprints),
    };
  }
}

/**
 * Whether a server's keys are not those with the digest, at the revision that the store has now. A
 * store that came back from a backup gives the numbers of lost revisions to other changes.
 */
export async function differsFrom(
  { db }: Store,
  server: TunnelServer,
  since: number,
  digest: string | undefined,
): Promise<boolean> {
  if (digest === undefined || since === 0) return false;
  const all = await serverFingerprints(db, server.id);
  return all?.revision === since && keysDigest(all.fingerprints) !== digest;
}

function agentKey({ bind_address }: Region, row: AgentKeyRow): AgentKey {
  const { fingerprint, type, blob, tunnel_id, slot, tunnel_port, sources, database } = row;
  const key = { type: type as KeyType, blob };
  return {
    fingerprint,
    tunnel: tunnel_id,
    slot,
    port: tunnel_port,
    line: authorizedKeyLine({ bind_address, tunnel_port, sources, key, tunnel: tunnel_id }),
    database: database.type,
  };
}
