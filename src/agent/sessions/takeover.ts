import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyList } from '../keys/key-list.ts';
import type { AgentLog } from '../settings.ts';
import { type Bar, Flapping } from './flapping.ts';
import type { Reconciler } from './reconciler.ts';
import { isLive, type Session, sessionSince } from './session.ts';
import type { SlotWatch } from './slot-watch.ts';

const BARRED = 'its host is barred for now';

export interface TakeoverOptions {
  keys: KeyList;
  watch: SlotWatch;
  reconciler: Reconciler;
  /** Where the login hook looks up who is barred, if there is one. */
  bars?: string;
  log: AgentLog;
}

/**
 * The newest session of a tunnel port has it: the one before may hang on a dead connection. The
 * login hook has seen to that before the session began; where there is none, it is done here.
 */
export class Takeover {
  readonly #options: TakeoverOptions;
  readonly #flapping = new Flapping();
  /** By port: the session that came last. */
  readonly #latest = new Map<number, Session>();

  constructor(options: TakeoverOptions) {
    this.#options = options;
  }

  /** Takes in a session whose login is over, and ends those that have to give way. */
  async arrived(session: Session): Promise<void> {
    const { keys, reconciler, log } = this.#options;
    const [fingerprint = '', ...others] = session.claims;
    // Two keys are named for it: one of the lines is forged.
    if (others.length > 0) return;
    const key = keys.get(fingerprint);
    if (!key) return await reconciler.end(session, 'its key was removed');
    const { port, tunnel } = key;
    if (this.#flapping.isBarred(port, session.address, Date.now())) {
      return await reconciler.end(session, BARRED);
    }
    const rivals = this.#rivals(session, port);
    this.#latest.set(port, session);
    const bar = this.#flappingOf(session, port);
    if (bar) {
      log.warn({ tunnel, ...bar }, 'two hosts took a tunnel port from each other; one is barred');
      await this.#tellHook(bar);
      if (bar.barred === session.address) return await reconciler.end(session, BARRED);
    }
    const reason = 'another session has its port now';
    await Promise.all(rivals.map((rival) => reconciler.end(rival, reason)));
  }

  #flappingOf(session: Session, port: number): Bar | undefined {
    const { address } = session;
    if (address === undefined) return undefined;
    return this.#flapping.arrived(port, address, sessionSince(session) * 1000);
  }

  /** Who had the port before: the session that came last, and the one whose socket listens. */
  #rivals(session: Session, port: number): Session[] {
    const owner = this.#options.watch.ownerOf(port);
    const isEarlier = owner !== undefined && owner.monitor.start <= session.monitor.start;
    const before = [this.#latest.get(port), isEarlier ? owner : undefined];
    return [...new Set(before)].flatMap((rival) =>
      rival && rival !== session && isLive(rival) ? rival : [],
    );
  }

  async #tellHook({ port, barred, until }: Bar): Promise<void> {
    const { bars } = this.#options;
    if (bars === undefined) return;
    await writeFile(join(bars, String(port)), `${barred} ${Math.floor(until / 1000)}\n`);
  }
}
