import type { KeyFolder } from '../keys/key-folder.ts';
import type { KeyList } from '../keys/key-list.ts';
import type { AgentLog } from '../settings.ts';
import { type Session, sessionId } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { SlotWatch } from './slot-watch.ts';

/** A session has this long to open its port. */
const LISTEN_WITHIN_MS = 10_000;

export interface ReconcilerOptions {
  keys: KeyList;
  folder: KeyFolder;
  sessions: Sessions;
  watch: SlotWatch;
  log: AgentLog;
}

/** Ends the sessions that may not be: revocation does not wait until one ends by itself. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #ending = new Set<Session>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Looks at every session: is its key still there, and does it listen? */
  async run(): Promise<void> {
    const { sessions, watch } = this.#options;
    sessions.forgetEnded();
    watch.forgetStrangers();
    const listening = watch.listening();
    for (const session of sessions.all()) {
      const why = await this.#whyNot(session, listening.get(sessionId(session)));
      if (why) await this.end(session, why);
    }
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

  async #whyNot(session: Session, listeningKey?: string): Promise<string | undefined> {
    const { keys, folder } = this.#options;
    const key = listeningKey ?? session.claims[0];
    if (key && !(keys.get(key) && (await folder.has(key)))) return 'its key was removed';
    const isIdle = listeningKey === undefined && Date.now() - session.seenAt > LISTEN_WITHIN_MS;
    return isIdle ? 'it does not listen' : undefined;
  }
}
