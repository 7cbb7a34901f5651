import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess } from '../system/end-process.ts';
import { isRunning, type ProcessIdentity } from '../system/process-table.ts';
import { adoptSshd } from './adoption.ts';
import { checkSshdConfig } from './check-config.ts';
import { launchSshd } from './launch.ts';
import type { SshdOptions } from './options.ts';

const POLL_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** After this long it did not die of its start, so the next restart is quick again. */
const STEADY_MS = 30_000;

/** The sshd whose sessions an agent looks after, whoever keeps it. */
export interface RunningSshd {
  /** The process that listens for logins; undefined while there is none. */
  readonly pid: number | undefined;
  /** Follows it until `signal`. */
  supervise(signal: AbortSignal): Promise<void>;
  /** Ends the process that listens, if it is the agent's own. Its sessions go on. */
  end(): Promise<void>;
}

/** The sshd of this agent: its own, or taken over from the agent before. */
export class Sshd implements RunningSshd {
  readonly #options: SshdOptions;
  #process: ProcessIdentity;

  private constructor(options: SshdOptions, process: ProcessIdentity) {
    this.#options = options;
    this.#process = process;
  }

  /**
   * Takes over the sshd that runs already, or starts one. Live tunnels stay in both cases: each has
   * processes of its own. Throws a problem that tells what sshd said.
   */
  static async start(options: SshdOptions): Promise<Sshd> {
    await checkSshdConfig(options);
    const adopted = await adoptSshd(options);
    const process = adopted ?? (await launchSshd(options));
    options.log.info({ pid: process.pid, adopted: adopted !== undefined }, 'sshd listens');
    return new Sshd(options, process);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Starts it again whenever it has died. It is polled: an adopted one is no child to wait for. */
  async supervise(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    let pause = POLL_MS;
    let since = Date.now();
    while (!signal.aborted) {
      if (isRunning(this.#process)) {
        if (Date.now() - since > STEADY_MS) pause = POLL_MS;
        await sleep(POLL_MS, undefined, { signal }).catch(() => {});
        continue;
      }
      log.warn({ pid: this.pid }, 'sshd has died; starting it again');
      try {
        this.#process = await launchSshd(this.#options);
        since = Date.now();
      } catch (error) {
        log.error({ reason: String(error), next_try_ms: pause }, 'sshd did not start');
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Ends the process that listens. Its sessions go on. */
  async end(): Promise<void> {
    await endProcess(this.#process);
  }
}
