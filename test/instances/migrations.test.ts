import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { checkSchema, openStore, type Store } from '../../src/store/index.ts';
import { migrationsFor } from '../../src/store/migrations/index.ts';
import { culvertJson, MAIN } from '../cli/support/culvert.ts';
import { endGroup, type Running, start } from '../cli/support/running.ts';
import { testOnEmptyDatabase } from '../support/engines.ts';
import { startPostgres } from '../support/postgres.ts';

const PROCESSES = 4;
/** `culvert migrate` is over in about a second. */
const KILLED_AFTER_MS = [300, 450, 600, 750, 900];

const startMigrate = (url: string): Running =>
  start([process.execPath, MAIN, 'migrate', '--json'], { CULVERT_STORE: url });

async function withStore<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(url);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const isMigrated = (url: string) =>
  withStore(url, async (store) => assert.deepEqual(await checkSchema(store), []));

/** Lets processes migrate at once: one of them does all of it, the others wait and find it done. */
async function migrateAtOnce(url: string): Promise<void> {
  const running = Array.from({ length: PROCESSES }, () =>
    culvertJson<{ applied: string[] }>(['migrate'], { CULVERT_STORE: url }),
  );
  const applied = (await Promise.all(running)).map((answer) => answer.applied.length);
  assert.equal(applied.filter((count) => count > 0).length, 1, `${applied}`);
  await isMigrated(url);
}

testOnEmptyDatabase('processes that migrate an empty store at once', migrateAtOnce);

testOnEmptyDatabase('processes that migrate an old store at once', async (url) => {
  await withStore(url, async (store) => {
    const migrations = migrationsFor(store.engine);
    const provider = { getMigrations: async () => migrations };
    const first = Object.keys(migrations)[0] ?? '';
    const { error } = await new Migrator({ db: store.db, provider }).migrateTo(first);
    assert.equal(error, undefined);
  });
  await migrateAtOnce(url);
});

testOnEmptyDatabase('a migration that was killed needs no hand', async (url) => {
  for (const ms of KILLED_AFTER_MS) {
    const killed = startMigrate(url);
    await delay(ms);
    await killed.end('SIGKILL');
  }
  await culvertJson(['migrate'], { CULVERT_STORE: url });
  await isMigrated(url);
});

test('a migration that was killed in the middle of one gives way to the next', async () => {
  const postgres = await startPostgres();
  const running: Running[] = [];
  const store = await openStore(await postgres.createDatabase());
  const url = await postgres.createDatabase();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => postgres.stop());
  stack.defer(() => store.close());
  stack.defer(() => running.forEach(endGroup));
  const begin = () => running[running.push(startMigrate(url)) - 1] as Running;

  await withStore(url, async (blocked) => {
    // A table of that name which is not committed: the migration waits for it, holding its lock.
    const blocker = await blocked.db.startTransaction().execute();
    await sql`create table artifact (id integer)`.execute(blocker);
    const killed = begin();
    await untilWaiting(store, 'transactionid', 1);
    await killed.end('SIGKILL');
    const next = [begin(), begin()];
    await untilWaiting(store, 'advisory', 2);
    await blocker.rollback().execute();
    for (const one of next) assert.equal(await one.ended(), 0, one.stderr());
  });
  await isMigrated(url);
});

/** Waits until so many sessions wait for a lock of that type. */
async function untilWaiting(store: Store, type: string, wanted: number): Promise<void> {
  for (;;) {
    const { rows } = await sql`select 1 from pg_locks
      where not granted and locktype = ${type}`.execute(store.db);
    if (rows.length >= wanted) return;
    await delay(20);
  }
}
