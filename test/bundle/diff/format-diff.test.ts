import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyPatch } from 'diff';
import fc from 'fast-check';
import { type Diff, diffTexts } from '../../../src/bundle/diff/diff-texts.ts';
import { readableDiff, summaryOf, unifiedDiff } from '../../../src/bundle/diff/format-diff.ts';
import { LINUX, WINDOWS } from './installers.ts';

const NAMES = { before: 'approved', after: 'install' };
const plain = LINUX['plain'] ?? '';

function diff(before: string, after: string): Diff {
  return diffTexts(before, after) ?? assert.fail('too different');
}

/** A script in which each text stands for another. */
function edited(script: string, changes: Record<string, string>): string {
  for (const [text, other] of Object.entries(changes)) {
    assert.ok(script.includes(text), text);
    script = script.replace(text, () => other);
  }
  return script;
}

const summary = (before: string, after: string) => {
  const found = diff(before, after);
  return found.sections.map((section) => summaryOf(found, section));
};

test('a new template reads as its lines of code, and no values', () => {
  const [old = ''] = /TEMPLATE_VERSION='[0-9.]+'/.exec(plain) ?? [];
  const version = { [old]: "TEMPLATE_VERSION='99.0.0'" };
  assert.deepEqual(
    summary(plain, edited(plain, { ...version, '\n  say() {': '\n  : new\n  say() {' })),
    [
      'version and digests: 1 line added, 1 line removed',
      'values: none',
      'files that it writes: none',
      'code: 1 line added',
    ],
  );
  const windows = edited(WINDOWS, {
    "'1.0.0'": "'1.1.0'",
    "    Say 'Hello.'\r\n": "    Say 'Hi.'\r\n    Say 'All.'\r\n",
  });
  assert.deepEqual(summary(WINDOWS, windows), [
    'version and digests: 1 line added, 1 line removed',
    'values: none',
    'files that it writes: none',
    'code: 2 lines added, 1 line removed',
  ]);
});

test('another database reads as its values and files, and no code', () => {
  const values = { "'db.internal'": "'db2.internal'", ' db.internal:5432': ' db2.internal:5432' };
  for (const script of [plain, WINDOWS]) {
    assert.deepEqual(summary(script, edited(script, values)), [
      'version and digests: none',
      'values: 1 line added, 1 line removed',
      'files that it writes: 1 line added, 1 line removed',
      'code: none',
    ]);
  }
});

test('the readable form names the setting, and shows the lines that changed with those around', () => {
  const text = readableDiff(
    diff(
      WINDOWS,
      edited(WINDOWS, { "'db.internal'": "'db2.internal'", "Say 'Hello.'": "Say 'Hi.'" }),
    ),
  );
  assert.equal(
    text,
    `version and digests: none
values: 1 line added, 1 line removed
files that it writes: none
code: 1 line added, 1 line removed

== values
@@ DatabaseHost, line 19, now 19 @@
-  $DatabaseHost = 'db.internal'
+  $DatabaseHost = 'db2.internal'

== code
@@ line 29, now 29 @@
   # ---- The same for everyone from here on -------------------------------------------------------
 
   function Main {
-    Say 'Hello.'
+    Say 'Hi.'
   }
   Main
 } @PSBoundParameters
`,
  );
});

test('texts that are the same say so, and have no unified form', () => {
  const same = diff(plain, plain);
  assert.equal(readableDiff(same), 'They are the same, byte for byte.\n');
  assert.equal(unifiedDiff(same, NAMES), '');
});

test('only the end of a line, or of the file, changed: it shows', () => {
  assert.match(readableDiff(diff('a\nb\n', 'a\r\nb\n')), /^-a\n\+a\\u\{d\}$/m);
  assert.match(readableDiff(diff('a\n', 'a')), /-a\n\+a\n\\ No newline at end of file/);
  assert.match(readableDiff(diff('', 'a\n')), /^text: 1 line added\n/);
  assert.match(readableDiff(diff('a\n', '')), /^text: 1 line removed\n/);
});

test('what a reader would not see is shown', () => {
  const hostile = 'say \u202e"\u200bevil\u001b[8m\u00a0\u2028\n';
  const text = readableDiff(diff('', hostile));
  assert.match(text, /\+say \\u\{202e\}"\\u\{200b\}evil\\u\{1b\}\[8m\\u\{a0\}\\u\{2028\}\n/);
  assert.ok(unifiedDiff(diff('', hostile), NAMES).includes(hostile));
});

test('patch makes the one of the other, in both languages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-diff-'));
  try {
    for (const [before, after] of [
      [plain, LINUX['longest-names']],
      [LINUX['unix-socket'], LINUX['ipv6']],
      [WINDOWS, edited(WINDOWS, { "'db.internal'": "'db2.internal'", '  Main\r\n': '' })],
      ['a\nb\n', 'a\nc'],
    ] as [string, string][]) {
      writeFileSync(join(folder, 'file'), before);
      const input = unifiedDiff(diff(before, after), NAMES);
      execFileSync('patch', ['--binary', '--silent', 'file'], { cwd: folder, input });
      assert.equal(readFileSync(join(folder, 'file'), 'utf8'), after);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the unified form is whole, and no changed line is lost or counted twice', () => {
  const line = fc.constantFrom(
    '',
    'a',
    'b',
    "  X='a'",
    '  # ---- Settings: x',
    '  # ---- The same for everyone x',
  );
  const text = fc.array(line, { maxLength: 30 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const found = diff(before, after);
      assert.equal(applyPatch(before, unifiedDiff(found, NAMES) || '--- a\n+++ b\n'), after);
      const inHunks = found.hunks
        .flatMap(({ lines }) => lines)
        .filter((each) => /^[+-]/.test(each));
      const inChanges = found.changes
        .flatMap(({ lines }) => lines.map(({ sign, text }) => sign + text))
        .filter((each) => /^[+-]/.test(each));
      assert.deepEqual(inChanges, inHunks);
    }),
    { numRuns: 1000 },
  );
});
