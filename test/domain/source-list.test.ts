import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkLoginSources, checkSources, isInside } from '../../src/domain/source-list.ts';

const check = (source: string) => checkSources('sources', [source])[0];

for (const [source, block] of [
  ['192.0.2.7', '192.0.2.7/32'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8:0:0::/32', '2001:db8::/32'],
  ['2001:db8::7', '2001:db8::7/128'],
  ['::/0', '::/0'],
  ['::1', '::1/128'],
  ['fd00:0:0:1::/64', 'fd00:0:0:1::/64'],
] as const) {
  test(`${source} is ${block}`, () => assert.equal(check(source), block));
}

for (const source of [
  '',
  '10.0.0.5/8',
  '10.0.0.0/33',
  '10.0.0.0/08',
  '10.0.0.0/',
  '10.0.0/8',
  '10.0.0.0/8,::/0',
  ' 10.0.0.0/8',
  '10.0.0.0/8\n',
  '!10.0.0.0/8',
  '*',
  'host.example',
  '2001:db8::1/32',
  '2001:db8::/129',
  'fe80::1%eth0',
  '::ffff:10.0.0.1',
  '::ffff:a00:0/104',
  '"10.0.0.0/8"',
]) {
  test(`${JSON.stringify(source)} is refused, by its place`, () => {
    const refused = { code: 'value-invalid', field: 'sources.1' };
    assert.throws(() => checkSources('sources', ['192.0.2.0/24', source]), refused);
  });
}

test('a block that was given twice counts once', () => {
  assert.deepEqual(checkSources('sources', ['::1', '0:0::1/128', '10.0.0.1']), [
    '::1/128',
    '10.0.0.1/32',
  ]);
});

test('logins come by IPv4, so IPv6 alone would lock the proxy out', () => {
  assert.throws(() => checkLoginSources('sources', ['::1']), { field: 'sources' });
  assert.deepEqual(checkLoginSources('sources', ['::1', '10.0.0.1']), ['::1/128', '10.0.0.1/32']);
  assert.deepEqual(checkLoginSources('sources', []), []);
});

test('an address lies in its block, in whichever form it comes, and not in the next one', () => {
  const address = fc.ipV4();
  fc.assert(
    fc.property(address, fc.integer({ min: 1, max: 32 }), (text, length) => {
      const bits = text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
      const size = 2 ** (32 - length);
      const first = Math.floor(bits / size) * size;
      const block = check(`${dotted(first)}/${length}`) ?? '';
      const next = dotted((first + size) % 2 ** 32);
      assert.ok(isInside(text, ['2001:db8::/32', block]));
      assert.ok(isInside(`::ffff:${text}`, [block]));
      assert.ok(!isInside(next, [block]) && !isInside(`::ffff:${next}`, [block]));
    }),
  );
  assert.ok(isInside('2001:db8::7', ['10.0.0.0/8', '2001:db8::/32']));
  assert.ok(!isInside('2001:db9::7', ['10.0.0.0/8', '2001:db8::/32']));
});

test('whatever comes, what passes is a block and passes again', () => {
  const text = fc.oneof(fc.ipV6(), fc.ipV4(), fc.ipV4Extended(), fc.string());
  const length = fc.option(fc.integer({ min: 0, max: 140 }), { nil: undefined });
  fc.assert(
    fc.property(text, length, (address, bits) => {
      let block: string | undefined;
      try {
        block = check(bits === undefined ? address : `${address}/${bits}`);
      } catch {
        return;
      }
      assert.match(block ?? '', /^[0-9a-f.:]+\/\d{1,3}$/);
      assert.equal(check(block ?? ''), block);
      assert.ok(isInside((block ?? '').split('/')[0] ?? '', [block ?? '']));
    }),
  );
});

function dotted(bits: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.');
}
