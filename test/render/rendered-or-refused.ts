import assert from 'node:assert/strict';
import { Problem } from '../../src/domain/problem.ts';

/** What `render` gave; undefined when it refused by a problem that names `field`. Anything else throws. */
export function renderedOrRefused<T>(field: string, render: () => T): T | undefined {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    assert.equal(error.field, field, error.message);
    return undefined;
  }
}
