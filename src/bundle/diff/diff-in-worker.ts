import { once } from 'node:events';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Problem } from '../../domain/problem.ts';
import type { Diff } from './diff-texts.ts';

/** `.ts` as it stands, `.js` in the published package. */
const PROGRAM = join(import.meta.dirname, `diff-worker${extname(import.meta.filename)}`);

/** Of either text, bytes: eight times the installer of today. */
const LARGEST = 1024 * 1024;
const PATIENCE_MS = 10_000;
const MEMORY_MB = 256;

/**
 * Compares two files in a thread of its own, within limits of size, time and memory: lines can be
 * chosen so that a comparison would take hours. Throws `value-invalid` for what is not UTF-8 text and
 * `diff-too-large` for what goes beyond a limit, also after `patience` milliseconds.
 */
export async function diffInWorker(
  before: Buffer,
  after: Buffer,
  patience = PATIENCE_MS,
): Promise<Diff> {
  const texts = { before: decode(before), after: decode(after) };
  const worker = new Worker(PROGRAM, {
    workerData: texts,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  try {
    const signal = AbortSignal.timeout(patience);
    const [diff] = (await once(worker, 'message', { signal })) as [Diff | undefined];
    if (diff !== undefined) return diff;
  } catch (error) {
    if (!isBeyondLimit(error as NodeJS.ErrnoException)) throw error;
  } finally {
    await worker.terminate();
  }
  throw tooLarge('the two differ too much to be compared');
}

function isBeyondLimit({ name, code }: NodeJS.ErrnoException): boolean {
  return name === 'AbortError' || code === 'ERR_WORKER_OUT_OF_MEMORY';
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
