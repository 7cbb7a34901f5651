import assert from 'node:assert/strict';
import { Problem } from '../../src/domain/problem.ts';

/** Whether a check gave `value` back unchanged; false when it refused it by a problem that names `field`. */
export function isTaken(
  check: (field: string, value: string) => string,
  field: string,
  value: string,
): boolean {
  try {
    assert.equal(check(field, value), value);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    assert.deepEqual([error.code, error.field], ['value-invalid', field]);
    return false;
  }
}
