import type { Listener } from '../system/listening-ports.ts';
import { isRunning, openFilesOf, type ProcessIdentity } from '../system/process-table.ts';
import { findSshdProcess } from '../system/sshd-process.ts';
import type { AcceptedLogin } from './accepted-login.ts';
import { endSession } from './end-session.ts';
import type { LoginRecord } from './login-records.ts';
import { isLive, type Session } from './session.ts';
import {
  allOfSshd,
  childOf,
  isOfSshd,
  loggedInChildOf,
  type SshdIdentity,
} from './session-process.ts';

/** The live sessions of this agent's sshd, and which of them holds a port. */
export class Sessions {
  readonly #sshd: SshdIdentity;
  readonly #byMonitor = new Map<number, Session>();

  constructor(sshd: SshdIdentity) {
    this.#sshd = sshd;
  }

  all(): Session[] {
    return [...this.#byMonitor.values()];
  }

  /** Whether a process is the monitor of a settled session. */
  isSettled({ pid, start }: ProcessIdentity): boolean {
    const session = this.#byMonitor.get(pid);
    return session?.monitor.start === start && session.isSettled === true;
  }

  /** Processes of this sshd that do not go on until somebody lets them. */
  stopped(): ProcessIdentity[] {
    return allOfSshd(this.#sshd).filter(({ state }) => state === 'T');
  }

  /** Takes up sessions that an agent before us knew, as far as they still run. */
  restore(saved: Session[]): void {
    for (const session of saved) this.#byMonitor.set(session.monitor.pid, session);
    this.forgetEnded();
  }

  /** Takes in a login that the hook has recorded: nobody but root can have written that. */
  record({ monitor, fingerprint, address, peer }: LoginRecord): Session | undefined {
    if (!isRunning(monitor)) return undefined;
    const session = this.#sessionOf(monitor);
    if (peer !== undefined) session.peer = peer;
    return Object.assign(session, { claims: [fingerprint], address, isSettled: true });
  }

  /** Takes in a line of the log, when a process of our sshd bears it out. */
  claim({ pid, fingerprint, address }: AcceptedLogin): Session | undefined {
    const monitor = pid === this.#sshd.master() ? undefined : findSshdProcess(pid);
    if (!monitor || !isOfSshd(this.#sshd, monitor)) return undefined;
    const session = this.#sessionOf(monitor);
    if (session.isSettled) return undefined;
    session.address ??= address;
    session.claims = [fingerprint, ...session.claims.filter((other) => other !== fingerprint)];
    return session;
  }

  /**
   * The sessions whose login is over, and that are not settled yet. Their own line stands in the log
   * by now: sshd writes it before it makes the user's process.
   */
  loggedIn(login: string): Session[] {
    return this.all().filter((session) => {
      if (session.isSettled) return false;
      const child = loggedInChildOf(session.monitor.pid, login);
      if (child) session.child = child;
      return child !== undefined;
    });
  }

  forgetEnded(): void {
    for (const [pid, session] of this.#byMonitor) {
      if (!isLive(session)) this.#byMonitor.delete(pid);
    }
  }

  /**
   * The session that holds a port, proved by the socket among its open files. Undefined: a stranger
   * holds it. The `likely` ones come first; the search after them finds what no line told of.
   */
  ownerOf(listener: Listener, likely: Session[]): Session | undefined {
    const socket = `socket:[${listener.inode}]`;
    for (const session of likely) {
      const child = currentChild(session);
      if (!child) continue;
      // Where we may not look, its user must do: only sessions run as the login account.
      const holds =
        openFilesOf(child.pid)?.includes(socket) ?? listener.uid === this.#sshd.loginUid;
      if (!holds) continue;
      session.child = child;
      return session;
    }
    return this.#searchOwner(socket);
  }

  /**
   * The sessions whose connection is one of these sockets: by its other end, as the login hook has
   * recorded it, else by the files that its processes have open, none where we may not look.
   */
  withConnection(connections: Map<string, string>): Session[] {
    const peers = new Set(connections.values());
    const sockets = new Set([...connections.keys()].map((inode) => `socket:[${inode}]`));
    return this.all().filter((session) => {
      if (session.peer !== undefined) return peers.has(session.peer);
      return [session.monitor, currentChild(session)].some(
        (process) => process && openFilesOf(process.pid)?.some((file) => sockets.has(file)),
      );
    });
  }

  #searchOwner(socket: string): Session | undefined {
    const { master } = this.#sshd;
    const child = allOfSshd(this.#sshd).find(({ pid }) => openFilesOf(pid)?.includes(socket));
    if (!child || child.pid === master()) return undefined;
    const parent = child.parent === master() ? undefined : findSshdProcess(child.parent);
    const session = this.#sessionOf(parent ?? child);
    session.child = child;
    return session;
  }

  /** Ends a session at once. One that would not end stays known, to be ended again. */
  async end(session: Session): Promise<void> {
    const hasEnded = await endSession(session);
    const { pid } = session.monitor;
    if (hasEnded && this.#byMonitor.get(pid) === session) this.#byMonitor.delete(pid);
  }

  /** Takes in every session and every login under way, also those that no line told of. */
  gather(): void {
    for (const entry of allOfSshd(this.#sshd)) {
      if (entry.pid !== this.#sshd.master()) this.#sessionOf(entry);
    }
  }

  /** Ends them all. */
  async endAll(): Promise<void> {
    this.gather();
    await Promise.all(this.all().map((session) => this.end(session)));
  }

  #sessionOf({ pid, start }: ProcessIdentity): Session {
    const known = this.#byMonitor.get(pid);
    if (known?.monitor.start === start) return known;
    const session = { monitor: { pid, start }, claims: [], seenAt: Date.now() };
    // The latest is the last one in it.
    this.#byMonitor.delete(pid);
    this.#byMonitor.set(pid, session);
    return session;
  }
}

// Asked anew until it listens: while the login is under way, another child reads the client's packets.
function currentChild({ monitor, child }: Session): ProcessIdentity | undefined {
  return child && isRunning(child) ? child : childOf(monitor.pid);
}
