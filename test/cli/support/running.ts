import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { environment } from './culvert.ts';

/** A program of the test's own that runs until it is ended. */
export interface Running {
  pid: number;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Waits until it has printed this; throws with all that it said when it ends before, or says it too late. */
  until(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal and waits for its end: its exit code, or the signal's name. */
  end(signal?: NodeJS.Signals, withinMs?: number): Promise<number | NodeJS.Signals>;
  /** Waits for its end. */
  ended(withinMs?: number): Promise<number | NodeJS.Signals>;
}

/** Starts a program in a process group of its own, so that its children can be ended with it. */
export function start(words: readonly string[], settings: Record<string, string> = {}): Running {
  const [file, ...rest] = words;
  if (file === undefined) throw new Error('a program needs a name');
  const child = spawn(file, rest, {
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  const running: Running = {
    pid: child.pid as number,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    async until(pattern, withinMs = 60_000) {
      for (const begun = Date.now(); ; await delay(20)) {
        const match = pattern.exec(said.stdout + said.stderr);
        if (match) return match;
        if (hasEnded(child) || Date.now() - begun > withinMs) {
          throw new Error(`never said ${pattern}:\n${said.stdout}${said.stderr}`);
        }
      }
    },
    async ended(withinMs = 60_000) {
      if (!hasEnded(child)) {
        await once(child, 'exit', { signal: AbortSignal.timeout(withinMs) });
      }
      return child.exitCode ?? (child.signalCode as NodeJS.Signals);
    },
    async end(signal = 'SIGTERM', withinMs) {
      if (!hasEnded(child)) child.kill(signal);
      return running.ended(withinMs);
    },
  };
  return running;
}

/** Ends the program and what it started, whatever state they are in. */
export function endGroup({ pid }: Running): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it runs any more.
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
