import { type FSWatcher, watch as watchFile } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentLog } from '../settings.ts';
import type { StateFolder } from '../state-folder.ts';
import { Bell } from '../system/bell.ts';
import { listeningPorts } from '../system/listening-ports.ts';
import { type AcceptedLogin, parseAcceptedLogin, parseOfferedKey } from './accepted-login.ts';
import { ComingLogins } from './coming-logins.ts';
import { trimLog } from './log-position.ts';
import type { LoginRecords } from './login-records.ts';
import type { OpenFailures } from './open-failures.ts';
import type { ProbeSchedule } from './probe-schedule.ts';
import type { Reconciler } from './reconciler.ts';
import { type Session, sessionSince } from './session.ts';
import type { SessionLog } from './session-log.ts';
import type { Sessions } from './sessions.ts';
import type { Slot } from './slot.ts';
import type { SlotWatch } from './slot-watch.ts';
import type { Takeover } from './takeover.ts';

/** sshd logs what happens to a session, and its log is followed: this is for what it cannot log. */
const LOOK_EVERY_MS = 1000;
/** Where the kernel does not tell of new lines. */
const LOOK_EVERY_MS_UNTOLD = 250;
/** sshd logs that it will do a thing, then does it: after a line, look again and again for a moment. */
const MOMENT_AFTER_LOGIN_MS = 300;
const MOMENT_AFTER_LINE_MS = 60;
const REST_MS = 20;
/** A rest is so many times as long as the look before: a storm of logins is sshd's work, not ours. */
const RESTS_PER_LOOK = 9;
const LONGEST_REST_MS = 250;
/** Without the login hook, a login that takes a port over cannot wait. */
const SHORT_REST_MS = 1;
/** A session older than this, in seconds, was there before us. */
const NEW_WITHIN = 10;
const RECONCILE_EVERY_MS = 3000;

export interface WatcherOptions {
  folder: StateFolder;
  login: string;
  bindAddress: string;
  sessionLog: SessionLog;
  sessions: Sessions;
  watch: SlotWatch;
  reconciler: Reconciler;
  takeover: Takeover;
  /** What the login hook records; without it, logins are told from the log. */
  records?: LoginRecords;
  probes: ProbeSchedule;
  failures: OpenFailures;
  slots: () => Map<number, Slot>;
  log: AgentLog;
}

/** The agent's clock: looks at log, processes and ports, and acts on what it sees. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #bell = new Bell();
  readonly #coming: ComingLogins;
  #momentEnds = 0;
  #reconcileAt = 0;
  /** Of those who want a look. */
  #wanted: (() => void)[] = [];

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#coming = new ComingLogins(
      options.login,
      (monitor) => options.sessions.isSettled(monitor),
      () => this.#bell.ring(),
    );
  }

  /** Looks now, and at every session's right to be. */
  hurry(): void {
    this.#reconcileAt = 0;
    this.#bell.ring();
  }

  /** Looks now; resolves when a look that began after this is over. */
  lookNow(): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted.push(resolve);
      this.#bell.ring();
    });
  }

  /** Watches until `signal`. A failed look is logged; the next one may work. */
  async run(signal: AbortSignal): Promise<void> {
    const { records, sessions } = this.#options;
    const follower = this.#follow();
    // What an agent before us has stopped, and was killed before it let it go on.
    if (!records) this.#coming.resume(sessions.stopped());
    records?.follow(() => this.#bell.ring());
    while (!signal.aborted) {
      const began = performance.now();
      const wanted = this.#wanted.splice(0);
      try {
        await this.look();
      } catch (error) {
        this.#options.log.error({ reason: String(error) }, 'looking at the sessions failed');
      }
      for (const done of wanted) done();
      const rest = records ? restAfter(performance.now() - began) : SHORT_REST_MS;
      await sleep(rest, undefined, { signal }).catch(() => {});
      const pause = follower ? LOOK_EVERY_MS : LOOK_EVERY_MS_UNTOLD;
      const isMoment = Date.now() < this.#momentEnds;
      if (!isMoment || !records) await this.#bell.wait(isMoment ? REST_MS : pause, signal);
    }
    this.#coming.resume(this.#coming.paused());
    follower?.close();
    records?.stop();
  }

  /** One look. The log comes before the ports: a port's owner has its line by then. */
  async look(): Promise<void> {
    const { folder, sessionLog, sessions, watch, reconciler, probes, slots } = this.#options;
    await this.#takeInLogins();
    watch.observe(slots(), listeningPorts(this.#options.bindAddress));
    probes.tick(slots());
    await trimLog(folder, sessionLog, sessions.all());
    if (Date.now() < this.#reconcileAt) return;
    this.#reconcileAt = Date.now() + RECONCILE_EVERY_MS;
    await reconciler.run();
  }

  /** Takes in the sessions whose login is over since the last look. */
  async #takeInLogins(): Promise<void> {
    const { sessions, records } = this.#options;
    const lines = await this.#readLog();
    if (!records) return await this.#takeInClaims(lines);
    for (const record of records.changed()) {
      const session = sessions.record(record);
      if (session) void this.#takeOver(session);
    }
  }

  /**
   * The same where only the log tells of them. First who is logged in, then what the log says: their
   * own line is there by then, and one that comes later is forged.
   */
  async #takeInClaims(lines: AcceptedLogin[]): Promise<void> {
    const { sessions, login } = this.#options;
    for (const line of lines) sessions.claim(line);
    const loggedIn = sessions.loggedIn(login);
    for (const session of loggedIn) {
      const isNew = Date.now() / 1000 - sessionSince(session) < NEW_WITHIN;
      if (session.child && isNew) this.#coming.stop(session.child);
    }
    const paused = this.#coming.paused();
    if (loggedIn.length > 0) for (const line of await this.#readLog()) sessions.claim(line);
    for (const session of loggedIn) session.isSettled = true;
    const arrivals = loggedIn.filter(({ claims }) => claims.length > 0);
    const takeovers = Promise.all(arrivals.map((session) => this.#takeOver(session)));
    if (paused.length > 0) await takeovers;
    this.#coming.resume(paused);
  }

  async #readLog(): Promise<AcceptedLogin[]> {
    const lines = await this.#options.sessionLog.read();
    for (const line of lines) this.#options.failures.note(line);
    if (lines.length > 0) this.#lookAgainFor(MOMENT_AFTER_LINE_MS);
    if (!this.#options.records) for (const line of lines) this.#expect(line);
    const logins = lines.flatMap((line) => parseAcceptedLogin(line, this.#options.login) ?? []);
    if (logins.length > 0) this.#lookAgainFor(MOMENT_AFTER_LOGIN_MS);
    return logins;
  }

  #expect(line: string): void {
    const pid = parseOfferedKey(line, this.#options.login);
    if (pid !== undefined) this.#coming.expect(pid);
  }

  async #takeOver(session: Session): Promise<void> {
    const { takeover, log } = this.#options;
    await takeover.arrived(session).catch((error) => {
      log.error({ reason: String(error) }, 'taking a tunnel port over failed');
    });
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

function restAfter(lookMs: number): number {
  return Math.min(Math.max(REST_MS, RESTS_PER_LOOK * lookMs), LONGEST_REST_MS);
}
