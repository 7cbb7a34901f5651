import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkBindAddress, checkDatabaseHost, checkHost } from '../../src/domain/grammar.ts';
import { isTaken } from './taken-or-refused.ts';

const refusal = { name: 'Problem', code: 'value-invalid', field: 'host' };

for (const host of [
  'db',
  'db.internal',
  'DB-1.Example',
  'xn--mnchen-3ya.example',
  `${'a'.repeat(63)}.example`,
  '127.0.0.1',
  '::1',
  '2001:db8::7',
  '::ffff:192.0.2.1',
]) {
  test(`${host} is a host`, () => assert.equal(checkDatabaseHost('host', host), host));
}

for (const [what, host] of Object.entries({
  nothing: '',
  'an option': '-oProxyCommand=x',
  'a label that starts with a hyphen': 'db.-x',
  'a label that ends with a hyphen': 'db-.example',
  'an empty label': 'db..example',
  'a root dot': 'db.example.',
  'an underscore': 'my_db',
  'a newline at the end': 'db\n',
  'a newline inside': 'db\nProxyCommand x',
  'a blank': 'db example',
  'a NUL': 'db\0',
  'a user': 'root@db',
  'a port': 'db:5432',
  'a percent sign': 'db%h',
  'a long label': 'a'.repeat(64),
  'a long name': `${'a.'.repeat(127)}a1`,
  'letters that are not ASCII': 'münchen.example',
  'a Cyrillic letter': 'dа.example',
  'full-width digits': '１２７.0.0.1',
  'the sign that turns text round': 'db\u202eexample',
  'a typographic apostrophe': 'db\u2019s',
  brackets: '[::1]',
  'a zone': 'fe80::1%eth0',
  'a zone on another address': '2001:db8::7%1',
  'five groups of digits': '1.2.3.4.5',
  'too large a number': '256.1.1.1',
})) {
  test(`a host with ${what} is refused`, () => {
    assert.throws(() => checkHost('host', host), refusal);
  });
}

for (const host of [
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  'a.0x',
  '0x',
]) {
  test(`${host}, which a resolver would read as an IPv4 address, is refused`, () => {
    assert.throws(() => checkHost('host', host), refusal);
  });
}

for (const host of [
  '169.254.169.254',
  '169.254.0.0',
  'fe80::1',
  'FE80::1',
  'febf::1',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:a9fe:1',
  '::169.254.169.254',
  '::ffff:0:169.254.169.254',
  '64:ff9b::169.254.169.254',
  'fd00:ec2::254',
  'FD00:0EC2:0:0::0254',
  'fd20:ce::254',
  'metadata.google.internal',
  'Metadata.Google.Internal',
]) {
  test(`${host} is never a database`, () => {
    assert.throws(() => checkDatabaseHost('host', host), {
      ...refusal,
      message: /link-local and metadata/,
    });
  });
}

test('no spelling of a link-local IPv4 address gets through', () => {
  const embedded = fc
    .tuple(fc.constantFrom('', '::', '::ffff:', '0::FFFF:', '64:ff9b::'), fc.nat(255), fc.nat(255))
    .map(([prefix, c, d]) => `${prefix}169.254.${c}.${d}`);
  fc.assert(
    fc.property(embedded, (host) => {
      assert.throws(() => checkDatabaseHost('host', host), refusal);
    }),
  );
});

test('whatever IPv6 address comes, it is taken as it is or refused, never an error', () => {
  const zeros = fc.constantFrom('', '0', '0000');
  const group = fc.oneof(
    zeros,
    fc.nat(0xffff).map((number) => number.toString(16)),
  );
  const address = fc.oneof(
    fc.ipV6(),
    fc.array(group, { minLength: 2, maxLength: 9 }).map((groups) => groups.join(':')),
  );
  fc.assert(
    fc.property(address, (host) => {
      const taken = isTaken(checkDatabaseHost, 'host', host);
      assert.ok(isIPv6(host) || !taken);
    }),
    { numRuns: 2000 },
  );
});

for (const address of ['127.0.0.1', '127.0.0.2', '10.0.0.7', '192.168.1.1']) {
  test(`tunnel ports may listen on ${address}`, () => {
    assert.equal(checkBindAddress('host', address), address);
  });
}

for (const address of ['0.0.0.0', '::', '::1', '*', '', 'localhost', '0', '127.1', '127.0.0.1\n']) {
  test(`tunnel ports may not listen on ${JSON.stringify(address)}`, () => {
    assert.throws(() => checkBindAddress('host', address), refusal);
  });
}
