import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { getAuditHead, migrate, openStore, type Store } from '../../src/store/index.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { changing } from './seed.ts';

/** What only a server can do to its clients. */

let postgres: Postgres;
let store: Store;

before(async () => {
  postgres = await startPostgres();
  store = await openStore(await postgres.createDatabase());
  await migrate(store);
});

after(async () => {
  await store.close();
  await postgres.stop();
});

async function endOtherSessions(): Promise<void> {
  const killer = await openStore(postgres.url);
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where pid != pg_backend_pid() and backend_type = 'client backend'`.execute(killer.db);
  await killer.close();
}

test('a connection that is cut in the middle of a change fails that change alone', async () => {
  const cut = changing(store, [], async (trx) => {
    await sql`select 1`.execute(trx);
    await endOtherSessions();
    // Time for the news to arrive while no query is under way.
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  await assert.rejects(cut);
  await changing(store, [], async () => {});
  assert.equal((await getAuditHead(store.db)).seq, 1);
});

test('idle connections that are cut are replaced', async () => {
  await Promise.all([getAuditHead(store.db), getAuditHead(store.db)]);
  await endOtherSessions();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await getAuditHead(store.db)).seq, 1);
});
