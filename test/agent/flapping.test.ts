import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flapping } from '../../src/agent/sessions/flapping.ts';

const PORT = 20_000;
const [A, B, C] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];

/** Lets sessions arrive at these seconds; gives what the last one led to. */
function flap(flapping: Flapping, ...arrivals: [second: number, address: string][]) {
  return arrivals.map(([second, address]) => flapping.arrived(PORT, address, second * 1000)).at(-1);
}

test('the one that had the port longer stays, the other is barred for ten minutes', () => {
  const flapping = new Flapping();
  const bar = flap(flapping, [0, A], [500, B], [505, A], [510, B]);
  assert.deepEqual(bar, { port: PORT, stays: A, barred: B, until: 1_110_000 });
  assert.equal(flapping.isBarred(PORT, B, 1_109_999), true);
  assert.equal(flapping.isBarred(PORT, B, 1_110_000), false);
  assert.equal(flapping.isBarred(PORT, A, 600_000), false);
  assert.equal(flapping.isBarred(PORT + 1, B, 600_000), false);
});

test('also when it is the one that came later', () => {
  assert.equal(flap(new Flapping(), [0, A], [1, B], [50, A], [51, B])?.stays, B);
});

test('a host that comes back again and again flaps with nobody', () => {
  assert.equal(flap(new Flapping(), [0, A], [1, A], [2, A], [3, A], [4, A]), undefined);
});

test('neither do two that take turns slowly, nor three', () => {
  assert.equal(flap(new Flapping(), [0, A], [10, B], [40, A], [71, B]), undefined);
  assert.equal(flap(new Flapping(), [0, A], [1, B], [2, C], [3, A], [4, B], [5, C]), undefined);
});
