import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 250;

/** Waits until something holds; fails with its name when it does not within `limitMs`. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  for (const started = performance.now(); !(await holds()); await sleep(POLL_MS)) {
    assert.ok(performance.now() - started < limitMs, `${what}: not within ${limitMs} ms`);
  }
}
