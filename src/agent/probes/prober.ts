import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { DATABASE_STATES, REASONS } from '../../domain/status.ts';
import { MOST_WORDS, type ProbeRequest, type ProbeResult } from './result.ts';

/** `.ts` as it stands, `.js` in the published package. */
const PROGRAM = join(import.meta.dirname, `probe-process${extname(import.meta.filename)}`);

const ReplySchema = Type.Object({
  id: Type.Integer(),
  database: Type.Enum([...DATABASE_STATES]),
  reason: Type.Enum([...REASONS]),
  words: Type.Optional(Type.String({ maxLength: MOST_WORDS, pattern: '^[\\x20-\\x7e]*$' })),
});

/** Longer than any probe: once with TLS, once without. */
const LOST_AFTER_MS = 15_000;

/** Starts a program without the capabilities that an ordinary user's agent was given. */
const WITHOUT_CAPABILITIES = [
  '/usr/bin/setpriv',
  '--ambient-caps=-all',
  '--inh-caps=-all',
] as const;

/** Has a process of its own probe databases; starts it when needed, and again when it dies. */
export class Prober {
  readonly #hasCapabilities: boolean;
  #child: ChildProcess | undefined;
  #id = 0;
  readonly #waiting = new Map<number, (result: ProbeResult | undefined) => void>();

  /** `hasCapabilities`: the agent's user was given some, which the process must not have. */
  constructor({ hasCapabilities = false } = {}) {
    this.#hasCapabilities = hasCapabilities;
  }

  /** Probes through a tunnel port. Undefined when the probe process died or said nothing. */
  async probe(request: Omit<ProbeRequest, 'id'>): Promise<ProbeResult | undefined> {
    this.#id += 1;
    const id = this.#id;
    const answer = new Promise<ProbeResult | undefined>((resolve) => {
      this.#waiting.set(id, resolve);
      setTimeout(resolve, LOST_AFTER_MS, undefined).unref();
    });
    this.#child ??= this.#start();
    this.#child.send({ id, ...request }, (error) => {
      if (error) this.#settle(id, undefined);
    });
    const result = await answer;
    this.#waiting.delete(id);
    return result;
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const [execPath, ...words] = this.#hasCapabilities
      ? [...WITHOUT_CAPABILITIES, process.execPath]
      : [process.execPath];
    const child = fork(PROGRAM, [], {
      ...{ execPath, execArgv: words },
      ...{ env: {}, stdio: 'ignore', cwd: '/' },
    });
    child.on('message', (message) => {
      if (!Check(ReplySchema, message)) return;
      const { id, ...result } = message;
      this.#settle(id, result);
    });
    const lose = () => {
      this.#child = undefined;
      for (const id of this.#waiting.keys()) this.#settle(id, undefined);
    };
    child.on('error', lose);
    child.on('exit', lose);
    return child;
  }

  #settle(id: number, result: ProbeResult | undefined): void {
    this.#waiting.get(id)?.(result);
  }
}
