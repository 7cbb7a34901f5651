import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { keysDigest } from '../../src/domain/keys-digest.ts';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

test('equal sets have equal digests, in whatever order', () => {
  assert.equal(keysDigest([c, a, b]), keysDigest(new Set([a, b, c])));
});

test('other sets have other digests', () => {
  const digests = [[], [a], [b], [a, b], [a, b, c]].map(keysDigest);
  assert.equal(new Set(digests).size, digests.length);
});

test('sort and sha256sum give the same', () => {
  const printed = execFileSync('sh', ['-c', 'sort | sha256sum'], { input: `${b}\n${a}\n` });
  assert.equal(keysDigest([a, b]), String(printed).slice(0, 64));
});
