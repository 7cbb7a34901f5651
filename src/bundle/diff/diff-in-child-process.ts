import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { Problem } from '../../domain/problem.ts';
import type { Diff } from './diff-texts.ts';

/** `.ts` as it stands, `.js` in the published package. */
const PROGRAM = join(import.meta.dirname, `diff-process${extname(import.meta.filename)}`);

/** Of either text, bytes: eight times the installer of today. */
const LARGEST = 1024 * 1024;
const PATIENCE_MS = 10_000;
const MEMORY_MB = 256;

/**
 * Compares two files in a process of its own, within limits of size, time and memory: lines can be
 * chosen so that a comparison would take hours. Throws `value-invalid` for what is not UTF-8 text and
 * `diff-too-large` for what goes beyond a limit, also after `patience` milliseconds.
 */
export async function diffInChildProcess(
  before: Buffer,
  after: Buffer,
  patience = PATIENCE_MS,
): Promise<Diff> {
  const diff = await compareApart({ before: decode(before), after: decode(after) }, patience);
  if (diff === undefined) throw tooLarge('the two differ too much to be compared');
  return diff;
}

/**
 * Undefined when the process reached a limit. It is no thread: one whose heap is full can take the
 * whole process with it (https://github.com/nodejs/node/issues/47224).
 */
function compareApart(
  texts: { before: string; after: string },
  timeout: number,
): Promise<Diff | undefined> {
  const child = fork(PROGRAM, [], {
    execArgv: [`--max-old-space-size=${MEMORY_MB}`],
    env: {},
    cwd: '/',
    stdio: 'ignore',
    serialization: 'advanced',
    timeout,
    killSignal: 'SIGKILL',
  });
  const answer = new Promise<Diff | undefined>((resolve, reject) => {
    child.on('message', ({ diff }: { diff?: Diff }) => resolve(diff));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (signal) resolve(undefined);
      else reject(new Error(`a comparison ended with exit code ${code}`));
    });
  });
  // One that does not take them has ended, and says so itself.
  child.send(texts, () => {});
  return answer.finally(() => child.kill('SIGKILL'));
}

function decode(bytes: Buffer): string {
  if (bytes.length > LARGEST)
    throw tooLarge(`files of more than ${LARGEST} bytes are not compared`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem('value-invalid', 'what is not UTF-8 text cannot be compared by lines', {
      next: 'Compare the digests.',
    });
  }
}

function tooLarge(detail: string): Problem {
  return new Problem('diff-too-large', detail, { next: 'Download both, and use diff -u.' });
}
