import fc from 'fast-check';

/** What has broken out of quoting, confused a terminal or a parser somewhere before. */
const FRAGMENTS = [
  ...`'"\`$\\;&|<>(){}[]*?!#~%^=,:@+- \t\n\r\0\u0001\u0007\u0008\u001b\u007f\u0080\u009f`,
  ...[
    '$(id)',
    '`id`',
    '\u0024{HOME}',
    '$((1))',
    "'\\''",
    "\\'",
    '\\n',
    '\\0',
    '\\047',
    "$'",
    '$"',
    '<<EOF',
  ],
  ...[
    '\r\n',
    '\n}\n',
    '\nexit\n',
    '\nProxyCommand id',
    '\nExecStart=/bin/id',
    '%h',
    '%%',
    '%n',
    '%s',
  ],
  ...['-', '--', '-oProxyCommand=id', '-rf', '~/', '/../', '=', '#', 'none', 'yes', 'tunnel'],
  ...[
    '\u2019',
    '\u2018',
    '\u201c',
    '\u202e',
    '\u2066',
    '\u2028',
    '\u2029',
    '\u200b',
    '\ufeff',
    '\u00a0',
  ],
  ...['é', 'e\u0301', 'ß', '数', '🐘', '\u{10ffff}', '\ud800', '\udc00', '\uffff', '\u0130', '１'],
  ...['a', 'b', '0', '9', 'Z', '_', '.', '/', 'db.example', '127.0.0.1', '::1', '169.254.169.254'],
];

const fragments = fc
  .array(fc.constantFrom(...FRAGMENTS), { maxLength: 8 })
  .map((parts) => parts.join(''));
const long = fc
  .tuple(fc.constantFrom(...FRAGMENTS), fc.integer({ min: 1000, max: 5000 }))
  .map(([part, times]) => part.repeat(times));

/** Any text at all, most of it made to break something. */
export const hostileText = fc.oneof(
  { weight: 60, arbitrary: fragments },
  { weight: 20, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 19, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 40 }) },
  { weight: 1, arbitrary: long },
);

/**
 * `count` values of an arbitrary, other ones each run. For checks by an outside program that reads
 * them all at once; a check that fails shows the value itself.
 */
export function sampleOf<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, count);
}
