import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkText } from '../../src/domain/grammar.ts';
import { isTaken } from './taken-or-refused.ts';

const refusal = { name: 'Problem', code: 'value-invalid', field: 'name' };

for (const text of [
  'Acme Corp',
  'Müller & Söhne',
  'Grace\u2019s "database"; $(rm -rf /) `x` %n',
  '数据库',
  '🐘 PostgreSQL',
  "-o 'quoted'",
  '\\',
]) {
  test(`${text} is a name`, () => assert.equal(checkText('name', text), text));
}

for (const [what, text] of Object.entries({
  nothing: '',
  'only blanks': '   ',
  'only no-break spaces': '\u00a0',
  'a newline': 'a\nb',
  'a carriage return': 'a\rb',
  'a tab': 'a\tb',
  'a NUL': 'a\0b',
  'an escape character': 'a\u001b[2Jb',
  'a delete character': 'a\u007fb',
  'a C1 control character': 'a\u009bb',
  'the sign that turns text round': 'a\u202eb',
  'an isolate': 'a\u2066b',
  'a right-to-left mark': 'a\u200fb',
  'a zero-width space': 'a\u200bb',
  'a byte order mark': '\ufeffa',
  'a soft hyphen': 'a\u00adb',
  'a tag character': 'a\u{e0041}b',
  'a line separator': 'a\u2028b',
  'a paragraph separator': 'a\u2029b',
  'half a surrogate pair': 'a\ud800b',
  'the other half': 'a\udc00b',
  'a private-use character': 'a\ue000b',
  'a private-use character of plane 16': 'a\u{10fffd}b',
  'a letter and its accent apart (not NFC)': 'Mu\u0308ller',
})) {
  test(`a name with ${what} is refused`, () => {
    assert.throws(() => checkText('name', text), refusal);
  });
}

test('length counts in bytes of UTF-8', () => {
  assert.equal(checkText('name', 'é'.repeat(60)).length, 60);
  assert.throws(() => checkText('name', `${'é'.repeat(60)}a`), {
    ...refusal,
    message: /120 bytes/,
  });
  assert.throws(() => checkText('name', '🐘', 3), { ...refusal, message: /3 bytes/ });
});

test('what is taken is printable, in normal form C, and comes back unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      if (!isTaken(checkText, 'name', text)) return;
      assert.equal(text.normalize('NFC'), text);
      assert.ok(text.isWellFormed() && Buffer.byteLength(text) <= 120);
      assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 5000 },
  );
});
