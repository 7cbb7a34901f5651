import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as values from '../../src/cli/option-values.ts';

test('ports', () => {
  assert.equal(values.readPort('50022'), 50022);
  for (const text of ['', '0', '65536', '-1', '1.5', '0x10', ' 1', '1e3', '٣']) {
    assert.throws(() => values.readPort(text), { code: 'commander.invalidArgument' }, text);
  }
});

test('ranges and lists of ports', () => {
  assert.deepEqual(values.readPortRange('20000-29999'), { first: 20000, last: 29999 });
  assert.deepEqual(values.readPorts('443, 8443'), [443, 8443]);
  for (const text of ['20000', '1-2-3', 'a-b', '-5']) {
    assert.throws(() => values.readPortRange(text), { code: 'commander.invalidArgument' }, text);
  }
});

test('durations are seconds', () => {
  assert.equal(values.readSeconds('90s'), 90);
  assert.equal(values.readSeconds('90m'), 5400);
  assert.equal(values.readSeconds('24h'), 86_400);
  assert.equal(values.readSeconds('7d'), 604_800);
  for (const text of ['', '0h', '24', 'h', '1w', '-1h', '1.5h']) {
    assert.throws(() => values.readSeconds(text), { code: 'commander.invalidArgument' }, text);
  }
});

test('a database is host and port, or a socket', () => {
  assert.deepEqual(values.readDatabasePlace('db.example:5432'), { host: 'db.example', port: 5432 });
  assert.deepEqual(values.readDatabasePlace('[fd00::1]:5432'), { host: 'fd00::1', port: 5432 });
  assert.deepEqual(values.readDatabasePlace('/run/pg/.s.PGSQL.5432'), {
    socket: '/run/pg/.s.PGSQL.5432',
  });
  for (const text of ['db.example', 'fd00::1:5432', ':5432', 'db:0']) {
    assert.throws(
      () => values.readDatabasePlace(text),
      { code: 'commander.invalidArgument' },
      text,
    );
  }
});
