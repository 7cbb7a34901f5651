import { resolve } from 'node:path';
import { run } from 'node:test';

/** How one test ended. */
export interface TestOutcome {
  file: string;
  name: string;
  passed: boolean;
  milliseconds: number;
  /** Why it failed. */
  reason: string;
}

/** How one file ended. */
export interface FileOutcome {
  file: string;
  milliseconds: number;
  tests: TestOutcome[];
  /** What its tests said that they could not do on this machine. */
  notRun: string[];
  /** The systems that its tests said they ran on. */
  ranOn: string[];
  /** What the file and its tests printed. */
  output: string;
}

/** How a test says what this machine cannot run: `t.diagnostic('not run here: RHEL 9 images')`. */
const NOT_RUN = /^not run here: (.*)/;

/** How a test of several systems says which one it had: `t.diagnostic('ran on: Debian 12')`. */
const RAN_ON = /^ran on: (.*)/;

/** A file that is silent for this long after its last test could have ended has left something open. */
const SILENCE_MS = 60_000;

/** Runs one test file in a process of its own. Never hangs: each test has a limit, and so has silence. */
export async function runFile(file: string, timeoutMs: number): Promise<FileOutcome> {
  const started = Date.now();
  const outcome: FileOutcome = {
    file,
    milliseconds: 0,
    tests: [],
    notRun: [],
    ranOn: [],
    output: '',
  };
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), timeoutMs + SILENCE_MS);
  const names: string[] = [];
  const stream = run({ files: [resolve(file)], timeout: timeoutMs, signal: silence.signal });
  for await (const { type, data } of stream) {
    timer.refresh();
    if (type === 'test:stdout' || type === 'test:stderr') outcome.output += data.message;
    if (type === 'test:start') names[data.nesting] = data.name;
    if (type === 'test:diagnostic') {
      const notRun = NOT_RUN.exec(data.message)?.[1];
      if (notRun !== undefined) outcome.notRun.push(notRun);
      const ranOn = RAN_ON.exec(data.message)?.[1];
      if (ranOn !== undefined) outcome.ranOn.push(ranOn);
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details.type === 'suite' && !hasOwnFailure(data)) continue;
    const name = [...names.slice(0, data.nesting), data.name].join(' › ');
    if (data.skip !== undefined || data.todo !== undefined) outcome.notRun.push(`${file}: ${name}`);
    else outcome.tests.push(testOutcome(file, name, type === 'test:pass', data));
  }
  clearTimeout(timer);
  outcome.milliseconds = Date.now() - started;
  return outcome;
}

interface Ended {
  name: string;
  details: { duration_ms: number; error?: Error & { failureType?: string } };
}

/** A suite fails with its tests, which say so themselves; a hook of its own says it nowhere else. */
function hasOwnFailure({ details: { error } }: Ended): boolean {
  return error !== undefined && error.failureType !== 'subtestsFailed';
}

function testOutcome(file: string, name: string, passed: boolean, { details }: Ended): TestOutcome {
  const milliseconds = details.duration_ms;
  // node:test gives a file that holds no test, and one that crashed, as a test named by its path.
  if (name !== resolve(file)) {
    return { file, name, passed, milliseconds, reason: passed ? '' : reasonOf(details.error) };
  }
  const reason = passed ? 'holds no test' : reasonOf(details.error);
  return { file, name: 'the file itself', passed: false, milliseconds, reason };
}

function reasonOf(error: (Error & { failureType?: string }) | undefined): string {
  if (error?.failureType === 'testAborted')
    return 'did not end: something it started is still open';
  const cause = error?.cause;
  if (cause instanceof Error) return withoutInternals(cause.stack ?? cause.message);
  return String(cause ?? error?.message ?? 'no reason given');
}

function withoutInternals(stack: string): string {
  const lines = stack.split('\n').filter((line) => !/^\s+at .*\(?node:internal\//.test(line));
  return lines.join('\n');
}
