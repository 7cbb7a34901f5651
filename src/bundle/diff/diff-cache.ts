import { diffInChildProcess } from './diff-in-child-process.ts';
import type { Diff } from './diff-texts.ts';

/** What can be compared: bytes, and their SHA-256, by which they are known. */
export interface Comparable {
  sha256: string;
  bytes: Buffer;
}

export type Compare = (before: Comparable, after: Comparable) => Promise<Diff>;

/**
 * Comparisons, one at a time, each done once as long as it is among the `capacity` last asked for.
 * Throws as `diffInChildProcess` does; a refusal is kept like a result, or asking again and again
 * would keep a core busy.
 */
export function createDiffCache(capacity = 100, compare = diffInChildProcess): Compare {
  const known = new Map<string, Promise<Diff>>();
  let last: Promise<unknown> = Promise.resolve();
  const begin = (before: Comparable, after: Comparable) => {
    const diff = last.then(() => compare(before.bytes, after.bytes));
    last = diff.catch(() => {});
    return diff;
  };
  return (before, after) => {
    const key = `${before.sha256} ${after.sha256}`;
    const diff = known.get(key) ?? begin(before, after);
    // Behind all others: the first one is then the one that was not asked for longest.
    known.delete(key);
    known.set(key, diff);
    const [oldest] = known.keys();
    if (known.size > capacity && oldest !== undefined) known.delete(oldest);
    return diff;
  };
}
