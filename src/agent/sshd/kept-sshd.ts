import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentLog } from '../settings.ts';
import { isRunning, type ProcessIdentity } from '../system/process-table.ts';
import { findSshdProcess } from '../system/sshd-process.ts';
import { pidInFile } from './pid-file.ts';
import type { RunningSshd } from './sshd.ts';

const POLL_MS = 100;

/** An sshd that systemd keeps. The agent follows it by its pid file, which root alone can write. */
export class KeptSshd implements RunningSshd {
  readonly #pidFile: string;
  readonly #log: AgentLog;
  #process: ProcessIdentity | undefined;

  constructor(pidFile: string, log: AgentLog) {
    this.#pidFile = pidFile;
    this.#log = log;
    this.#look();
    if (!this.#process) log.warn({}, 'sshd does not run; see: systemctl status culvert-sshd');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async supervise(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#look();
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** It is systemd's. */
  async end(): Promise<void> {}

  #look(): void {
    if (this.#process && isRunning(this.#process)) return;
    if (this.#process) this.#log.warn({ pid: this.pid }, 'sshd has ended; systemd keeps it');
    const pid = pidInFile(this.#pidFile);
    this.#process = pid === undefined ? undefined : findSshdProcess(pid);
    if (this.#process) this.#log.info({ pid }, 'sshd listens');
  }
}
