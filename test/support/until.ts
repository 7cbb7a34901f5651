import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until something holds, and looks every `pollMs`; fails with its name, or with what there is to
 * say of it by then, when it does not within `limitMs`.
 */
export async function until(
  what: string | (() => string),
  holds: () => boolean | Promise<boolean>,
  limitMs = 60_000,
  pollMs = 200,
): Promise<void> {
  for (const started = performance.now(); !(await holds()); await sleep(pollMs)) {
    const said = typeof what === 'string' ? what : what();
    assert.ok(performance.now() - started < limitMs, `${said}: not within ${limitMs} ms`);
  }
}
