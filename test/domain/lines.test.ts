import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeLines, parseLines } from '../../src/domain/lines.ts';

const name = fc
  .stringMatching(/^[a-z_]{1,12}$/)
  .filter((text) => text !== 'end' && !(text in Object.prototype));
const value = fc.stringMatching(/^[ -~]{0,80}$/);
const lines = fc
  .dictionary(name, value, { maxKeys: 8, noNullPrototype: true })
  .map((given) => ({ ...given }));

test('what was written is read back, also with CRLF', () => {
  fc.assert(
    fc.property(lines, (given) => {
      const text = encodeLines(given);
      assert.deepEqual(parseLines(text), given);
      assert.deepEqual(parseLines(text.replaceAll('\n', '\r\n')), given);
    }),
    { numRuns: 1000 },
  );
});

test('cut at any byte before its end, the text is void', () => {
  fc.assert(
    fc.property(lines, (given) => {
      const text = encodeLines(given);
      // Only the very last line feed may be missing.
      for (let length = 0; length < text.length - 1; length++) {
        assert.equal(parseLines(text.slice(0, length)), undefined);
      }
      assert.deepEqual(parseLines(text.slice(0, -1)), given);
    }),
    { numRuns: 50 },
  );
});

for (const [what, text] of Object.entries({
  'no text at all': '',
  'a page of a captive portal': '<html>end=1</html>\n',
  'a name twice': 'a=1\na=1\nend=1\n',
  'the end twice': 'a=1\nend=1\nend=1\n',
  'an end that goes on': 'a=1\nend=1\nb=2\nend=1\n',
  'an empty line': 'a=1\n\nend=1\n',
  'an empty line at the end': 'a=1\nend=1\n\n',
  'a line without =': 'a\nend=1\n',
  'a line without name': '=1\nend=1\n',
  'a name in capitals': 'A=1\nend=1\n',
  'a name with a blank': ' a=1\nend=1\n',
  'another end': 'a=1\nend=2\n',
  'a blank after the end': 'a=1\nend=1 \n',
  'a control character': 'a=1\u001b[2J\nend=1\n',
  'a carriage return inside': 'a=1\rb=2\nend=1\n',
  'a letter that is not ASCII': 'a=é\nend=1\n',
  'too long a value': `a=${'x'.repeat(4097)}\nend=1\n`,
  "a name that every object has, '__proto__'": '__proto__=1\nend=1\n',
  "a name that every object has, 'constructor'": 'constructor=1\nend=1\n',
})) {
  test(`${what} is void`, () => assert.equal(parseLines(text), undefined));
}

test('a value may hold = and be empty or 4,096 characters long', () => {
  const given = { a: 'b=c=d', b: '', c: 'x'.repeat(4096) };
  assert.deepEqual(parseLines(encodeLines(given)), given);
});

test('what is not there is left out, and numbers are written in digits', () => {
  assert.equal(encodeLines({ a: 1, b: undefined, c: 'x' }), 'a=1\nc=x\nend=1\n');
});

test('what the form cannot carry is not written', () => {
  for (const [given, message] of [
    [{ a: 'x\nend=1' }, /^a: not printable/],
    [{ a: 'é' }, /^a: not printable/],
    [{ a: 'x'.repeat(4097) }, /^a: not printable/],
    [{ 'a b': 'x' }, /not a line's name/],
    [{ end: '1' }, /not a line's name/],
    [{ constructor: '1' }, /not a line's name/],
  ] as [Record<string, string>, RegExp][]) {
    assert.throws(() => encodeLines(given), { name: 'RangeError', message });
  }
});
