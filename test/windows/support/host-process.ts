import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A line of the host's log, and when it was written. */
export interface Said {
  line: string;
  at: number;
}

/** What the file `state` of a tunnel says. */
export interface State {
  state?: string;
  since?: string;
  pid?: string;
  reason?: string;
  said?: string;
}

/** A service host in the foreground. */
export class HostProcess {
  readonly said: Said[] = [];
  readonly #data: string;
  readonly #child: ChildProcess;

  /** `second`: how many milliseconds one of its pauses lasts. */
  constructor(program: string, data: string, { ssh = '/usr/bin/ssh', second = 1000 } = {}) {
    this.#data = data;
    const options = ['--data', data, '--ssh', ssh, '--second', `${second}`];
    this.#child = spawn(program, ['--console', ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.said.push({ line: line.replace(/^\S+ /, ''), at: performance.now() }),
    );
  }

  /** The lines about a tunnel that match, without its name. */
  linesOf(tunnel: string, pattern = /./): Said[] {
    const prefix = `${tunnel}: `;
    return this.said
      .filter(({ line }) => line.startsWith(prefix))
      .map(({ line, at }) => ({ line: line.slice(prefix.length), at }))
      .filter(({ line }) => pattern.test(line));
  }

  /** The pauses that it announced for a tunnel, in its seconds. */
  pausesOf(tunnel: string): number[] {
    return this.linesOf(tunnel, /Next attempt in/).map(({ line }) =>
      Number(/Next attempt in ([\d.]+) s\.$/.exec(line)?.[1]),
    );
  }

  stateOf(tunnel: string): State {
    try {
      const lines = readFileSync(join(this.#data, tunnel, 'state'), 'latin1')
        .trimEnd()
        .split('\n');
      return Object.fromEntries(lines.map((line) => /^([a-z_]+)=(.*)$/.exec(line)?.slice(1) ?? []));
    } catch {
      return {};
    }
  }

  /** Waits until a tunnel's state is as wanted, and gives it. */
  async until(tunnel: string, wanted: (state: State) => boolean, within = 60_000): Promise<State> {
    for (const end = performance.now() + within; ; await sleep(10)) {
      const state = this.stateOf(tunnel);
      if (wanted(state)) return state;
      if (performance.now() > end) {
        const last = this.said.slice(-20).map(({ line }) => line);
        throw new Error(`${tunnel} is ${JSON.stringify(state)}\n${last.join('\n')}`);
      }
    }
  }

  /** Ends it as asked; gives its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal);
      await once(this.#child, 'close');
    }
    return this.#child.exitCode;
  }

  /** The processes that have this data folder in their arguments: the host, its ssh and their children. */
  processes(): number[] {
    return this.#processes(() => true);
  }

  /** Those of them that are ssh. */
  sshProcesses(): number[] {
    return this.#processes((program) => program.endsWith('/ssh'));
  }

  /** Waits until no processes are left but these; a child of ssh ends a moment after it. */
  async untilNoneBut(expected: number[] = [], within = 60_000): Promise<void> {
    for (const end = performance.now() + within; ; await sleep(20)) {
      const left = this.processes().filter((pid) => !expected.includes(pid));
      if (left.length === 0) return;
      if (performance.now() > end) throw new Error(`still there: ${left}`);
    }
  }

  #processes(fits: (program: string) => boolean): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        const [program = '', ...more] = argumentsOf(pid);
        return fits(program) && more.some((argument) => argument.includes(this.#data));
      })
      .map(Number);
  }
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return [];
  }
}
