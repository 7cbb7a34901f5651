import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { onceATurn } from '../../src/server/installers/once-a-turn.ts';
import { RevisionCache } from '../../src/server/installers/revision-cache.ts';
import type { Script } from '../../src/server/installers/script.ts';

function script(name: string) {
  return { bytes: Buffer.from(name), sha256: name, headers: {} };
}

test('what is rendered is kept for its key and revision', () => {
  const cache = new RevisionCache<Script>(500);
  cache.set('a', 7, script('seven'));
  assert.equal(cache.get('a', 7)?.sha256, 'seven');
  assert.equal(cache.get('a', 8), undefined);
  assert.equal(cache.get('a 2', 7), undefined);
  cache.set('a', 8, script('eight'));
  assert.equal(cache.get('a', 7), undefined);
  assert.equal(cache.get('a', 8)?.sha256, 'eight');
});

test('what is asked for stays, the rest makes room', () => {
  const cache = new RevisionCache<Script>(10);
  cache.set('asked', 1, script('asked'));
  for (let number = 0; number < 100; number += 1) {
    cache.set(`tunnel-${number}`, 1, script('other'));
    assert.ok(cache.get('asked', 1), `after ${number}`);
  }
  const kept = Array.from({ length: 100 }, (_, number) => cache.get(`tunnel-${number}`, 1));
  assert.ok(kept.filter((one) => one !== undefined).length < 10);
});

test('requests of one turn share a look-up, those of the next do not', async () => {
  let looks = 0;
  const find = onceATurn(async (tunnel: string, slot: number) => {
    looks += 1;
    if (tunnel === 'bad') throw new RangeError('bad');
    return `${tunnel} ${slot} ${looks}`;
  });
  const first = await Promise.all([find('a', 1), find('a', 1), find('a', 2)]);
  assert.deepEqual(first, ['a 1 1', 'a 1 1', 'a 2 2']);
  await endOfTurn();
  assert.equal(await find('a', 1), 'a 1 3');
  for (const one of await Promise.allSettled([find('bad', 1), find('bad', 1)])) {
    assert.equal(one.status, 'rejected');
  }
});
