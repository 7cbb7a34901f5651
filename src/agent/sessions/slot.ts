import type { AgentKey } from '../../domain/agent-protocol.ts';
import type { DatabaseType } from '../../domain/database.ts';

/** A slot that is placed here and has a key: what may listen on one tunnel port. */
export interface Slot {
  tunnel: string;
  number: number;
  port: number;
  database: DatabaseType;
  /** Fingerprints; two while the proxy changes its key. */
  keys: string[];
}

/** The slots that these keys belong to, by tunnel port. */
export function slotsOf(keys: Iterable<AgentKey>): Map<number, Slot> {
  const slots = new Map<number, Slot>();
  for (const { tunnel, slot, port, database, fingerprint } of keys) {
    const known = slots.get(port);
    if (known) known.keys.push(fingerprint);
    else slots.set(port, { tunnel, number: slot, port, database, keys: [fingerprint] });
  }
  return slots;
}
