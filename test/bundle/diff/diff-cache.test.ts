import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Comparable, createDiffCache, diffInChildProcess } from '../../../src/bundle/index.ts';

function file(text: string): Comparable {
  const bytes = Buffer.from(text);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Real comparisons, counted. */
function counting() {
  const count = { begun: 0, running: 0, most: 0 };
  const compare: typeof diffInChildProcess = async (before, after) => {
    count.begun += 1;
    count.running += 1;
    count.most = Math.max(count.most, count.running);
    return diffInChildProcess(before, after).finally(() => {
      count.running -= 1;
    });
  };
  return { count, compare };
}

const [a, b, c] = [file('a\n'), file('b\n'), file('c\n')];

test('each pair is compared once, one after the other', async () => {
  const { count, compare } = counting();
  const diff = createDiffCache(10, compare);
  const pairs = [
    [a, b],
    [b, a],
    [a, c],
    [a, b],
  ] as const;
  const [first, back, , again] = await Promise.all(pairs.map(([one, other]) => diff(one, other)));
  assert.equal(again, first);
  assert.notDeepEqual(back, first);
  assert.equal(await diff(a, b), first);
  assert.deepEqual(count, { begun: 3, running: 0, most: 1 });
});

test('a refusal is kept, and holds nothing else up', async () => {
  const { count, compare } = counting();
  const diff = createDiffCache(10, compare);
  const binary = { sha256: 'x', bytes: Buffer.from([0xff]) };
  const refused = diff(a, binary);
  const next = diff(a, b);
  await assert.rejects(refused, { code: 'value-invalid' });
  await assert.rejects(diff(a, binary), { code: 'value-invalid' });
  assert.equal((await next).changes.length, 1);
  assert.equal(count.begun, 2);
});

test('what was not asked for longest is forgotten first', async () => {
  const { count, compare } = counting();
  const diff = createDiffCache(2, compare);
  await diff(a, b);
  await diff(a, c);
  await diff(a, b);
  await diff(b, c);
  await diff(a, b);
  assert.equal(count.begun, 3);
  await diff(a, c);
  assert.equal(count.begun, 4);
});
