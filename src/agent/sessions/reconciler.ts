import type { AgentKey } from '../../domain/agent-protocol.ts';
import type { KeyFolder } from '../keys/key-folder.ts';
import type { KeyList } from '../keys/key-list.ts';
import type { AgentLog } from '../settings.ts';
import { unansweredConnections } from '../system/unanswered-connections.ts';
import { DeadConnections } from './dead-connections.ts';
import type { LoginRecords } from './login-records.ts';
import { type Session, sessionId } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { SlotWatch } from './slot-watch.ts';

/** A session has this long to open its port. */
const LISTEN_WITHIN_MS = 10_000;
const REMOVED = 'its key was removed';

export interface ReconcilerOptions {
  keys: KeyList;
  folder: KeyFolder;
  sessions: Sessions;
  watch: SlotWatch;
  /** Where there is a login hook. */
  records?: LoginRecords;
  /** Where sshd takes connections. */
  port: number;
  log: AgentLog;
}

/** Ends the sessions that may not be: revocation does not wait until one ends by itself. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #ending = new Set<Session>();
  readonly #connections = new DeadConnections();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Looks at every session: is its proxy there, is its key, and does it listen? */
  async run(): Promise<void> {
    const { sessions, watch } = this.#options;
    sessions.forgetEnded();
    watch.forgetStrangers();
    await this.#endDead();
    const listening = watch.listening();
    const ends: Promise<void>[] = [];
    for (const session of sessions.all()) {
      const why = await this.#whyNot(session, listening.has(sessionId(session)));
      if (why) ends.push(this.end(session, why));
    }
    await Promise.all(ends);
  }

  /**
   * Ends every session of a key that was removed, listening or not. The key's file is gone by then:
   * a login that the hook has not recorded yet, the hook itself refuses.
   */
  async revoke(removed: AgentKey[]): Promise<void> {
    const { records, sessions } = this.#options;
    for (const { port, fingerprint } of removed) {
      const record = records?.read(port);
      if (record?.fingerprint === fingerprint) sessions.record(record);
    }
    const gone = sessions.all().filter((session) => this.#hasRemovedKey(session));
    await Promise.all(gone.map((session) => this.end(session, REMOVED)));
  }

  /** Ends one session; asked again while that is under way, it does nothing. */
  async end(session: Session, reason: string): Promise<void> {
    const { sessions, log } = this.#options;
    if (this.#ending.has(session)) return;
    this.#ending.add(session);
    log.warn({ pid: session.monitor.pid, key: session.claims[0], reason }, 'ending a session');
    await sessions.end(session);
    this.#ending.delete(session);
  }

  // All at once: where a line breaks, it breaks for many.
  async #endDead(): Promise<void> {
    const { sessions, port } = this.#options;
    const dead = this.#connections.observe(unansweredConnections(port));
    if (dead.size === 0) return;
    const ends = sessions
      .withConnection(dead)
      .map((session) => this.end(session, 'its connection is dead'));
    await Promise.all(ends);
  }

  async #whyNot(session: Session, isListening: boolean): Promise<string | undefined> {
    if (this.#hasRemovedKey(session)) return REMOVED;
    for (const key of session.isSettled ? session.claims : []) {
      if (!(await this.#options.folder.has(key))) return REMOVED;
    }
    const isIdle = !isListening && Date.now() - session.seenAt > LISTEN_WITHIN_MS;
    return isIdle ? 'it does not listen' : undefined;
  }

  // Of two keys that the log names, one is forged. Either may be the removed one.
  #hasRemovedKey({ isSettled, claims }: Session): boolean {
    return Boolean(isSettled) && claims.some((key) => !this.#options.keys.get(key));
  }
}
