import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quotePowerShell } from '../../src/render/quoting/powershell.ts';
import { hostileText, sampleOf } from '../render/hostile.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';

/** What PowerShell minds and a shell does not. */
const FRAGMENTS = [
  ...['\u2018', '\u2019', '\u201a', '\u201b', '\u201c', '\u201d', '\u201e', '\u2013', '\u2014'],
  ...[
    "''",
    "'+'",
    '`',
    '`n',
    '`"',
    '$()',
    '$(1)',
    '$x',
    '\u0024{x}',
    '@(',
    '@{',
    '@x',
    '%',
    '|',
    ';',
  ],
  ...["@'", "'@", '@"', '"@', "\n'@", "@'\n", '\n"@\n', '#', '<#', '#>', '--%', '{0}', '-f', ','],
  ...['\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\t', ' ', '\u001a', '\u0085', '\u2028', '\u0000'],
  ...['[char]', ')', '}', '0x41', 'a', 'A', '1', 'é', '数', '🐘', '\ud800', '\udc00', '\ufeff'],
];
const powershellText = fc
  .array(fc.constantFrom(...FRAGMENTS), { maxLength: 5 })
  .map((parts) => parts.join(''));

const canCarry = (value: string) => !value.includes('\0') && value.isWellFormed();
// PowerShell takes 0.1 ms for each character that stands as a number: no value is very long.
const values = sampleOf(
  fc.oneof(
    { weight: 3, arbitrary: powershellText },
    { weight: 1, arbitrary: hostileText.map((text) => text.slice(0, 100)) },
  ),
  24_000,
);
const carried = values.filter(canCarry);
const literals = carried.map(quotePowerShell);

/** How many literals a block of the test's script has. */
const GROUP = 200;
const LIMIT = { timeout: 180_000 };

/** Prints a value's type, and its UTF-16 units in base64. */
const PRINTER = `$out = New-Object IO.StringWriter
function show($value) {
  $units = [Text.Encoding]::Unicode.GetBytes($value)
  $out.WriteLine($value.GetType().Name + ' ' + [Convert]::ToBase64String($units))
}
`;

function shown(value: string): string {
  return `String ${Buffer.from(value, 'utf16le').toString('base64')}`;
}

/** The literals as a variable each, or as the items of a list, which is how the settings hold them. */
function block(group: readonly string[], isList: boolean): string {
  const rows = isList
    ? `  $all = @(\n${group.map((literal) => `    ${literal}\n`).join('')}  )\n  foreach ($a in $all) { show $a }\n`
    : group.map((literal) => `  $a = ${literal}\n  show $a\n`).join('');
  return `& {\n${rows}}\n`;
}

test('what PowerShell should not hold is refused, and nothing else', () => {
  for (const value of values) {
    if (canCarry(value)) continue;
    assert.throws(() => quotePowerShell(value), RangeError, JSON.stringify(value));
  }
  assert.ok(carried.length > 20_000);
});

test('a literal is printable ASCII in rows, whatever it stands for', () => {
  for (const literal of literals) assert.match(literal, /^[\n\x20-\x7e]+$/);
});

// Read by this grammar alone, no part of a value can end its literal or be a command.
test('a literal is of one of three forms, and holds its value', () => {
  const printable = "'(?:[\\x20-\\x26\\x28-\\x7e]|'')*'";
  const unit = '\\[char\\]0x[0-9a-f]{4}';
  const item = `(?:${printable}|${unit})`;
  const forms = new RegExp(
    `^(?:${printable}|\\(@\\(\\n(?:  ${printable}\\n)*  \\) -join "(?:\`r)?\`n"\\)|\\(-join \\(${item}(?:, ${item})*\\)\\))$`,
  );
  const text = (literal: string) =>
    literal.startsWith('[')
      ? String.fromCharCode(Number(literal.slice(6)))
      : literal.slice(1, -1).replaceAll("''", "'");
  for (const [index, literal] of literals.entries()) {
    assert.match(literal, forms);
    const parts = [...literal.matchAll(new RegExp(item, 'g'))].map(([part]) => text(part));
    const between = /-join "(.*)"\)$/.exec(literal)?.[1] ?? '';
    const read = parts.join(between.replace('`r', '\r').replace('`n', '\n'));
    assert.equal(read, carried[index]);
  }
});

test('PowerShell reads every literal back, unit by unit, as a string', LIMIT, async (t) => {
  const powershell = await findPowerShell();
  if (!powershell) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const groups = Array.from({ length: Math.ceil(literals.length / GROUP) }, (_, index) =>
    block(literals.slice(index * GROUP, (index + 1) * GROUP), index % 2 === 1),
  );
  const script = `${PRINTER}${groups.join('')}$Host.UI.Write($out.ToString())\n`;
  const { code, stdout, stderr } = await powershell.runText(script.replaceAll('\n', '\r\n'));
  assert.equal(stderr.slice(0, 500), '');
  assert.equal(code, 0);
  const printed = stdout.split(/\r?\n/);
  assert.equal(printed.pop(), '');
  assert.equal(printed.length, carried.length);
  // One by one, so that a failure shows the value and not a diff of thousands.
  for (const [index, value] of carried.entries()) {
    assert.equal(printed[index], shown(value), JSON.stringify(value));
  }
});
