import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffInChildProcess } from '../../src/bundle/index.ts';
import { LINUX } from '../bundle/diff/installers.ts';

const TOO_LARGE = { code: 'diff-too-large', next: /diff -u/ };

/** Half a megabyte of lines, none of which the two have in common. */
const unlike = (word: string) =>
  Buffer.from(Array.from({ length: 50_000 }, (_, index) => `${word}${index}\n`).join(''));
/** Lines that match in very many ways, each of which has to be looked at. */
const repeating = (lines: string) => Buffer.from(lines.repeat(20_000));

test('installers are compared, also those that have little in common', async () => {
  const { changes } = await diffInChildProcess(
    Buffer.from(LINUX['plain'] ?? ''),
    Buffer.from(LINUX['longest-names'] ?? ''),
  );
  assert.ok(changes.length > 0);
  const shuffled = (LINUX['plain'] ?? '').split('\n').reverse().join('\n');
  await diffInChildProcess(Buffer.from(LINUX['plain'] ?? ''), Buffer.from(shuffled), 50_000);
});

test('what would take hours ends within the limit, and the process goes on meanwhile', async () => {
  for (const [before, after] of [
    [unlike('a'), unlike('b')],
    [repeating('a\nb\n'), repeating('b\na\na\n')],
    [repeating('\n'), repeating('a\n\n')],
  ] as const) {
    const begun = performance.now();
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 10);
    try {
      await assert.rejects(diffInChildProcess(before, after, 2000), TOO_LARGE);
    } finally {
      clearInterval(turning);
    }
    assert.ok(performance.now() - begun < 10_000);
    assert.ok(turns > 5, `${turns} turns of the event loop`);
  }
});

test('a comparison that takes too much memory ends alone', async () => {
  const attempt = diffInChildProcess(repeating('a\nb\n'), repeating('b\na\na\n'), 50_000);
  await assert.rejects(attempt, TOO_LARGE);
});

test('what is too large, or no text, is refused before any work', async () => {
  const large = Buffer.alloc(1024 * 1024 + 1, 'a\n');
  await assert.rejects(diffInChildProcess(large, Buffer.from('')), TOO_LARGE);
  await assert.rejects(diffInChildProcess(Buffer.from(''), large), TOO_LARGE);
  for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80]]) {
    await assert.rejects(diffInChildProcess(Buffer.from('a\n'), Buffer.from(bytes)), {
      code: 'value-invalid',
    });
  }
});
