import fc from 'fast-check';
import type { InstallerInput } from '../../src/render/index.ts';
import { SAMPLE } from '../support/sample-input.ts';
import { hostileText } from './hostile.ts';

/** The dotted path of every string in an input of an installer. */
export const STRING_FIELDS = stringFields(SAMPLE);

/** Names as a vendor may give them, full of what a shell minds. */
export const bravelyNamed: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      ...`'"\`$\\;&|<>(){}[]*?!#~%^=,:@+- aZ09_./`,
      ...[
        '$(touch /x)',
        '`id`',
        "'\\''",
        "$'\\x27'",
        '\u0024{HOME}',
        '\\n',
        '-n',
        '--',
        '\u2019',
        '\u2018',
      ],
      ...['é', 'ß', '数', '🐘', 'الله', '\u00a0', "'; exit 1 #", '{{a}}', '%s'],
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''))
  .filter(
    (text) =>
      text.trim() !== '' && Buffer.byteLength(text) <= 120 && text === text.normalize('NFC'),
  );

const name = fc.oneof(
  { weight: 3, arbitrary: bravelyNamed },
  { weight: 1, arbitrary: hostileText },
);

/** An input with hostile names and, in one string field, a hostile value; and that field's path. */
export const hostileInput: fc.Arbitrary<{ input: InstallerInput; field: string }> = fc
  .record({
    vendor: bravelyNamed,
    account: bravelyNamed,
    tunnel: bravelyNamed,
    field: fc.constantFrom(...STRING_FIELDS),
    value: name,
  })
  .map(({ vendor, account, tunnel, field, value }) => {
    const input = structuredClone(SAMPLE);
    input.vendor.name = vendor;
    input.account.name = account;
    input.tunnel.name = tunnel;
    changeField(input, field, () => value);
    return { input, field };
  });

/** The dotted path of every string in a value. */
export function stringFields(value: unknown, path: string[] = []): string[] {
  if (typeof value === 'string') return [path.join('.')];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, part]) => stringFields(part, [...path, key]));
}

/** Replaces the string at a dotted path. */
export function changeField(input: object, path: string, change: (value: string) => string): void {
  const parts = path.split('.');
  const last = parts.pop() as string;
  let place = input as Record<string, unknown>;
  for (const part of parts) place = place[part] as Record<string, unknown>;
  place[last] = change(place[last] as string);
}
