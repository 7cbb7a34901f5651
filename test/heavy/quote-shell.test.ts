import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteShell } from '../../src/render/quoting/shell.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { runShell, splitAtNul } from '../render/shells.ts';

const canCarry = (value: string) => !value.includes('\0') && value.isWellFormed();
const values = sampleOf(hostileText, 24_000);
const carried = values.filter(canCarry);
const literals = carried.map(quoteShell);

function assertSame(printed: string[]): void {
  assert.equal(printed.length, carried.length);
  // One by one, so that a failure shows the value and not a diff of thousands.
  for (const [index, value] of carried.entries()) assert.equal(printed[index], value);
}

test('what bash cannot hold is refused, and nothing else', () => {
  for (const value of values) {
    if (canCarry(value)) continue;
    assert.throws(() => quoteShell(value), RangeError, JSON.stringify(value));
  }
  assert.ok(carried.length > 20_000);
});

for (const locale of ['C', 'C.UTF-8', 'POSIX']) {
  test(`bash reads every literal back as an argument, byte for byte (${locale})`, () => {
    const script = literals.map((literal) => `printf '%s\\0' ${literal}\n`).join('');
    assertSame(splitAtNul(runShell(script, ['bash'], locale)));
  });
}

test('as a variable and as an item of a list, as the settings hold them', () => {
  const script = literals.map(
    (literal) =>
      `{\n  A=${literal}\n  B=(\n    ${literal}\n  )\n}\n[[ $A == "\${B[0]}" ]] && printf '%s\\0' "$A"\n`,
  );
  assertSame(splitAtNul(runShell(script.join(''))));
});

test('in POSIX mode too', () => {
  const script = literals.map((literal) => `printf '%s\\0' ${literal}\n`).join('');
  assertSame(splitAtNul(runShell(script, ['bash', '--posix'])));
});

test('printable text is a plain literal, which any sh reads', () => {
  const printable = sampleOf(fc.string({ unit: 'binary-ascii' }), 5000).map((value) =>
    value.replace(/[^\x20-\x7e\n\t]/g, "'"),
  );
  const script = printable.map((value) => `printf '%s\\0' ${quoteShell(value)}\n`).join('');
  assert.deepEqual(splitAtNul(runShell(script, ['dash'])), printable);
});

test('a literal is printable ASCII, whatever it stands for', () => {
  for (const literal of literals) assert.match(literal, /^[\t\n\x20-\x7e]+$/);
});
