import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDatabase, databaseAddress } from '../../src/domain/database.ts';

const type = 'postgresql';

test('a host and a port', () => {
  const database = checkDatabase({ type, host: 'db.internal', port: 5432 });
  assert.deepEqual(database, { type, host: 'db.internal', port: 5432 });
  assert.equal(databaseAddress(database), 'db.internal:5432');
});

test('an IPv6 address stands in brackets before its port', () => {
  assert.equal(databaseAddress({ type, host: '2001:db8::7', port: 5432 }), '[2001:db8::7]:5432');
});

test('a Unix socket', () => {
  const database = checkDatabase({ type, socket: '/run/postgresql/.s.PGSQL.5432' });
  assert.deepEqual(database, { type, socket: '/run/postgresql/.s.PGSQL.5432' });
  assert.equal(databaseAddress(database), '/run/postgresql/.s.PGSQL.5432');
});

test('what is wrong or missing is named', () => {
  const faults: [object, string][] = [
    [{}, 'database.host'],
    [{ port: 5432 }, 'database.host'],
    [{ host: 'db' }, 'database.port'],
    [{ host: 'db', port: 0 }, 'database.port'],
    [{ host: 'db\n', port: 5432 }, 'database.host'],
    [{ host: '169.254.169.254', port: 80 }, 'database.host'],
    [{ socket: '/a', host: 'db' }, 'database.socket'],
    [{ socket: '/a', port: 5432 }, 'database.socket'],
    [{ socket: 'a' }, 'database.socket'],
  ];
  for (const [database, field] of faults) {
    const refusal = { name: 'Problem', code: 'value-invalid', field };
    assert.throws(() => checkDatabase({ type, ...database }), refusal, JSON.stringify(database));
  }
});
