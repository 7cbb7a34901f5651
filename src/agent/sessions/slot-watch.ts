import type { AgentReport } from '../../domain/agent-protocol.ts';
import type { SlotReport } from '../../domain/status.ts';
import type { ProbeResult } from '../probes/index.ts';
import type { Listener } from '../system/listening-ports.ts';
import { type Session, sessionId, sessionSince } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Slot } from './slot.ts';

export type SlotRow = AgentReport['slots'][number];

const DOWN: SlotReport = {
  session: 'down',
  session_id: '',
  session_key: '',
  session_since: 0,
  database: 'unprobed',
  database_at: 0,
  reason: 'session-down',
};
const TAKEN: SlotReport = { ...DOWN, session: 'taken', reason: 'port-taken' };

export interface SlotWatchOptions {
  sessions: Sessions;
  /** Takes in the session that the login hook has recorded for a port. */
  recorded?: (port: number) => void;
  /** The region's range; other ports are none of ours. */
  firstPort: number;
  lastPort: number;
  /** Called with each row that has changed; `urgent` unless only a time did. */
  onChange: (row: SlotRow, urgent: boolean) => void;
  /** Called with a session that listens although no key of that port lets it. */
  onForbidden: (session: Session) => void;
}

/** What is known of each slot, brought up to date from the ports that listen. */
export class SlotWatch {
  readonly #options: SlotWatchOptions;
  /** By tunnel port. A slot that is down has no row. */
  readonly #rows = new Map<number, SlotRow>();
  /** By tunnel port, at the last look. */
  #holders = new Map<number, Session>();
  /** By the socket's inode; null for a stranger. */
  #owners = new Map<string, Session | null>();
  /** The sockets that were a stranger's when all strangers were last forgotten. */
  #suspects = new Set<string>();

  constructor(options: SlotWatchOptions) {
    this.#options = options;
  }

  /** Every slot that is not down. */
  rows(): SlotRow[] {
    return [...this.#rows.values()];
  }

  /** The same by tunnel port, as they are from now on. */
  rowsByPort(): ReadonlyMap<number, SlotRow> {
    return this.#rows;
  }

  /** The session that held a port at the last look, by its socket. */
  ownerOf(port: number): Session | undefined {
    return this.#holders.get(port);
  }

  /** The sessions that hold their port, by id, each with the fingerprint that let it. */
  listening(): Map<string, string> {
    return new Map(this.rows().map(({ session_id, session_key }) => [session_id, session_key]));
  }

  /**
   * Looks at strangers once more, and only then calls a port taken: what is ours may not have been
   * recognisable at first. A new key lets its proxy in a moment before the slot is known here.
   */
  forgetStrangers(): void {
    this.#suspects = new Set([...this.#owners].flatMap(([inode, owner]) => (owner ? [] : inode)));
    for (const inode of this.#suspects) this.#owners.delete(inode);
  }

  /** Takes in what listens now. */
  observe(slots: Map<number, Slot>, listeners: Map<number, Listener>): void {
    const owners = new Map<string, Session | null>();
    const holders = new Map<number, Session>();
    const seen = new Set<number>();
    for (const listener of listeners.values()) {
      const { port, inode } = listener;
      if (port < this.#options.firstPort || port > this.#options.lastPort) continue;
      const slot = slots.get(port);
      const owner = this.#owners.get(inode) ?? this.#ownerOf(listener, slot);
      owners.set(inode, owner);
      if (owner) holders.set(port, owner);
      const report = owner
        ? this.#reportOf(slot, owner)
        : this.#suspects.has(inode)
          ? TAKEN
          : undefined;
      if (!slot || !report) continue;
      seen.add(port);
      this.#set(slot, report);
    }
    this.#owners = owners;
    this.#holders = holders;
    for (const [port, row] of this.#rows) {
      if (seen.has(port)) continue;
      this.#rows.delete(port);
      this.#options.onChange({ ...row, ...DOWN }, true);
    }
  }

  /** Takes in what a probe saw, if the session that it went through is still the one. */
  recordProbe(port: number, session_id: string, { database, reason }: ProbeResult): void {
    const row = this.#rows.get(port);
    if (row?.session_id !== session_id) return;
    const urgent = row.database !== database || row.reason !== reason;
    Object.assign(row, { database, reason, database_at: Math.floor(Date.now() / 1000) });
    this.#options.onChange(row, urgent);
  }

  #ownerOf(listener: Listener, slot: Slot | undefined): Session | null {
    const { sessions, recorded } = this.#options;
    if (this.#owners.get(listener.inode) === null) return null;
    // Its record may not have been told of yet; without it every process would be searched.
    recorded?.(listener.port);
    const likely = sessions
      .all()
      .filter(({ claims }) => claims.some((key) => slot?.keys.includes(key)));
    return sessions.ownerOf(listener, likely.reverse()) ?? null;
  }

  #reportOf(slot: Slot | undefined, owner: Session): SlotReport | undefined {
    const session_key = slot && keyOf(owner, slot);
    if (slot === undefined || session_key === undefined) {
      this.#options.onForbidden(owner);
      return undefined;
    }
    const session_id = sessionId(owner);
    const row = this.#rows.get(slot.port);
    // The kernel is asked for it, so once: each look takes in every session.
    const session_since = row?.session_id === session_id ? row.session_since : sessionSince(owner);
    return { ...DOWN, session: 'up', session_id, session_key, session_since, reason: '' };
  }

  #set({ tunnel, number, port }: Slot, report: SlotReport): void {
    const row = this.#rows.get(port);
    const isSame =
      row?.session === report.session &&
      row.session_id === report.session_id &&
      row.session_key === report.session_key;
    if (isSame) return;
    const fresh = { tunnel, slot: number, ...report };
    this.#rows.set(port, fresh);
    this.#options.onChange(fresh, true);
  }
}

/** The key of that slot that the session logged in with; undefined when it has none of them. */
function keyOf({ claims }: Session, { keys }: Slot): string | undefined {
  // Its line was lost: the port proves the slot, and the slot names the key if it has only one. It
  // is kept, so that the session does not pass to a later key when this one goes.
  if (claims.length === 0 && keys.length === 1) claims.push(...keys);
  return claims.find((key) => keys.includes(key));
}
