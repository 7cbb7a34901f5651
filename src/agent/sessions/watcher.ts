import { type FSWatcher, watch as watchFile } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentLog } from '../settings.ts';
import type { StateFolder } from '../state-folder.ts';
import { Bell } from '../system/bell.ts';
import { listeningPorts } from '../system/listening-ports.ts';
import { parseAcceptedLogin } from './accepted-login.ts';
import { trimLog } from './log-position.ts';
import type { ProbeSchedule } from './probe-schedule.ts';
import type { Reconciler } from './reconciler.ts';
import type { SessionLog } from './session-log.ts';
import type { Sessions } from './sessions.ts';
import type { Slot } from './slot.ts';
import type { SlotWatch } from './slot-watch.ts';

/** sshd logs what happens to a session, and its log is followed: this is for what it cannot log. */
const LOOK_EVERY_MS = 1000;
/** Where the kernel does not tell of new lines. */
const LOOK_EVERY_MS_UNTOLD = 250;
/** sshd logs that it will do a thing, then does it: after a line, look again and again for a moment. */
const MOMENT_AFTER_LOGIN_MS = 300;
const MOMENT_AFTER_LINE_MS = 60;
const REST_MS = 20;
const RECONCILE_EVERY_MS = 3000;

export interface WatcherOptions {
  folder: StateFolder;
  login: string;
  bindAddress: string;
  sessionLog: SessionLog;
  sessions: Sessions;
  watch: SlotWatch;
  reconciler: Reconciler;
  probes: ProbeSchedule;
  slots: () => Map<number, Slot>;
  log: AgentLog;
}

/** The agent's clock: looks at log, processes and ports, and acts on what it sees. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #bell = new Bell();
  #momentEnds = 0;
  #reconcileAt = 0;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /** Looks now, and at every session's right to be. */
  hurry(): void {
    this.#reconcileAt = 0;
    this.#bell.ring();
  }

  /** Watches until `signal`. A failed look is logged; the next one may work. */
  async run(signal: AbortSignal): Promise<void> {
    const follower = this.#follow();
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        this.#options.log.error({ reason: String(error) }, 'looking at the sessions failed');
      }
      // Also when a storm of logins writes without a pause.
      await sleep(REST_MS, undefined, { signal }).catch(() => {});
      if (Date.now() < this.#momentEnds) continue;
      await this.#bell.wait(follower ? LOOK_EVERY_MS : LOOK_EVERY_MS_UNTOLD, signal);
    }
    follower?.close();
  }

  /** One look. The log comes before the ports: a port's owner has its line by then. */
  async look(): Promise<void> {
    const { folder, sessionLog, sessions, watch, reconciler, probes, slots } = this.#options;
    const lines = await sessionLog.read();
    if (lines.length > 0) this.#lookAgainFor(MOMENT_AFTER_LINE_MS);
    for (const line of lines) {
      const login = parseAcceptedLogin(line, this.#options.login);
      if (!login) continue;
      sessions.claim(login);
      this.#lookAgainFor(MOMENT_AFTER_LOGIN_MS);
    }
    watch.observe(slots(), listeningPorts(this.#options.bindAddress));
    probes.tick(slots());
    await trimLog(folder, sessionLog, sessions.all());
    if (Date.now() < this.#reconcileAt) return;
    this.#reconcileAt = Date.now() + RECONCILE_EVERY_MS;
    await reconciler.run();
  }

  #lookAgainFor(ms: number): void {
    this.#momentEnds = Math.max(this.#momentEnds, Date.now() + ms);
  }

  // Where the kernel cannot watch the file, the regular look must do.
  #follow(): FSWatcher | undefined {
    try {
      const follower = watchFile(this.#options.folder.sshdLog, { persistent: false }, () => {
        this.#bell.ring();
      });
      follower.on('error', () => follower.close());
      return follower;
    } catch {
      return undefined;
    }
  }
}
