import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDatabasePlace } from '../../src/cli/option-values.ts';
import { DATABASE_TYPES, type DatabaseType } from '../../src/domain/database.ts';
import { probe } from './support/probe.ts';

/*
 * Databases that only somebody's licence, registry or cloud can give:
 * CULVERT_TEST_DATABASES='sqlserver=db1:1433 oracle=db2:1521'. They must be up and let this machine in.
 */

/** `mysql` by MariaDB. */
const TRIED_ANYWAY: DatabaseType[] = ['postgresql', 'mysql', 'redis', 'tcp'];
const named = (process.env['CULVERT_TEST_DATABASES'] ?? '').split(/\s+/).filter(Boolean);

test('databases that CULVERT_TEST_DATABASES names answer', async (t) => {
  const tried = new Set(TRIED_ANYWAY);
  for (const word of named) {
    const [, name, place] = /^([a-z]+)=(\S+)$/.exec(word) ?? [];
    const type = DATABASE_TYPES.find((type) => type === name);
    assert.ok(type && place, `${word} is not type=host:port`);
    const database = readDatabasePlace(place);
    assert.ok('host' in database, `${word} is a socket`);
    assert.equal(await probe(type, database.port, database.host), 'answers', word);
    tried.add(type);
  }
  for (const type of DATABASE_TYPES.filter((type) => !tried.has(type))) {
    t.diagnostic(`not run here: the probe of a real ${type}`);
  }
});
