import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { checkSchema, migrate, openStore, type Store, schemaState } from '../../src/store/index.ts';
import { testOnEachEngine, testOnEmptyDatabase } from '../support/engines.ts';
import { describeSchema } from './describe-schema.ts';

testOnEmptyDatabase('migrating names what it ran, and runs it once', async (url) => {
  const store = await openStore(url);
  try {
    const { pending } = await schemaState(store);
    assert.ok(pending.length > 0);
    assert.deepEqual(await migrate(store), pending);
    assert.deepEqual(await checkSchema(store), []);
    assert.deepEqual(await migrate(store), []);
  } finally {
    await store.close();
  }
});

testOnEmptyDatabase('instances that start at once migrate once', async (url) => {
  const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(url)));
  try {
    const applied = await Promise.all(stores.map((store) => migrate(store)));
    assert.deepEqual(applied.filter((names) => names.length > 0).length, 1);
    assert.deepEqual(await checkSchema(stores[0] as Store), []);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
});

testOnEachEngine('what a newer Culvert has added is passed over', async ({ store }) => {
  await noteMigration(store, '20991231T0000-future');
  assert.deepEqual(await checkSchema(store), ['20991231T0000-future']);
  assert.deepEqual(await migrate(store), []);
});

testOnEachEngine('a store that a newer Culvert has changed for good is refused', async (bench) => {
  const { store } = bench;
  await noteMigration(store, '20991231T0000-future');
  await noteMigration(store, '20991231T0100-other-ports.breaking');
  for (const attempt of [checkSchema, migrate]) {
    await assert.rejects(attempt(store), { code: 'unavailable', message: /newer/ });
  }
});

testOnEachEngine(
  'a store with migrations of another line of versions is refused',
  async (bench) => {
    const { store } = bench;
    const { rows } = await sql<{ name: string }>`
    delete from kysely_migration where name = (select max(name) from kysely_migration)
    returning name`.execute(store.db);
    await noteMigration(store, '20991231T0000-future');
    assert.deepEqual((await schemaState(store)).pending, [rows[0]?.name]);
    await assert.rejects(migrate(store), { code: 'unavailable', message: /newer/ });
  },
);

async function noteMigration({ db }: Store, name: string): Promise<void> {
  await sql`insert into kysely_migration values (${name}, '2099-12-31T00:00:00Z')`.execute(db);
}

testOnEachEngine('schema.sql is what the migrations give', async ({ store }) => {
  const migrated = await describeSchema(store);
  assert.ok(migrated['slot']?.unique.includes('region_id, tunnel_port'));
  assert.ok(migrated['slot_key']?.foreign.includes('tunnel_id, slot -> slot (tunnel_id, number)'));
  const statements = schemaStatements();
  for (const table of tablesOf(statements).reverse()) {
    await store.db.schema.dropTable(table).execute();
  }
  for (const statement of statements) await sql.raw(statement).execute(store.db);
  assert.deepEqual(await describeSchema(store), migrated);
});

function schemaStatements(): string[] {
  const file = new URL('../../src/store/schema.sql', import.meta.url);
  const text = readFileSync(file, 'utf8').replaceAll(/--.*$/gm, '');
  return text.split(';').filter((statement) => statement.trim() !== '');
}

function tablesOf(statements: string[]): string[] {
  return statements.flatMap((statement) => /create table (\w+)/.exec(statement)?.[1] ?? []);
}
