import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity } from '../system/process-table.ts';
import { findSshdProcess } from '../system/sshd-process.ts';
import { loggedInChildOf } from './session-process.ts';

/** From the offer of a key to the session, on a busy machine. */
const PATIENCE_MS = 300;
const POLL_MS = 1;
/** Whoever begins many logins at once is none that waits for its port. */
const AT_ONCE = 20;

/**
 * Where there is no login hook, a new session would find its port still taken: it asks for it a few
 * milliseconds after its login. So the user's process of a login is stopped as soon as it is there,
 * until the agent has looked at who has to give way.
 */
export class ComingLogins {
  readonly #login: string;
  readonly #isSettled: (monitor: ProcessIdentity) => boolean;
  readonly #onPaused: () => void;
  readonly #expected = new Set<number>();
  #paused: ProcessIdentity[] = [];

  /** `isSettled`: whether the agent has looked at the session of a monitor already. */
  constructor(
    login: string,
    isSettled: (monitor: ProcessIdentity) => boolean,
    onPaused: () => void,
  ) {
    this.#login = login;
    this.#isSettled = isSettled;
    this.#onPaused = onPaused;
  }

  /** Expects the login of a connection; `pid` is any process of it. */
  expect(pid: number): void {
    const entry = findSshdProcess(pid);
    const parent = entry && findSshdProcess(entry.parent);
    // Before the login a connection has two processes, and the line is of either.
    for (const monitor of [entry, parent]) {
      if (!monitor || this.#expected.has(monitor.pid) || this.#expected.size > AT_ONCE) continue;
      this.#expected.add(monitor.pid);
      void this.#pause(monitor).finally(() => this.#expected.delete(monitor.pid));
    }
  }

  /** The logins that are stopped now. */
  paused(): ProcessIdentity[] {
    return [...this.#paused];
  }

  /** Stops a login until it is resumed. */
  stop(child: ProcessIdentity): void {
    if (this.#paused.some(({ pid }) => pid === child.pid)) return;
    signal(child, 'SIGSTOP');
    this.#paused.push(child);
  }

  /** Lets logins go on. */
  resume(logins: ProcessIdentity[]): void {
    this.#paused = this.#paused.filter((login) => !logins.includes(login));
    for (const login of logins) signal(login, 'SIGCONT');
  }

  async #pause(monitor: ProcessIdentity): Promise<void> {
    for (let waited = 0; waited < PATIENCE_MS && isRunning(monitor); waited += POLL_MS) {
      // On a busy machine its line may be read when it is up: an agent that is killed then would leave
      // a live tunnel stopped.
      if (this.#isSettled(monitor)) return;
      const child = loggedInChildOf(monitor.pid, this.#login);
      if (child) {
        this.stop(child);
        this.#onPaused();
        return;
      }
      await sleep(POLL_MS);
    }
  }
}

function signal(process_: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isRunning(process_)) return;
  try {
    process.kill(process_.pid, name);
  } catch {
    // It has just ended.
  }
}
