import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { CheckReport } from '../../src/domain/agent-protocol.ts';
import {
  answerCheck,
  askForCheck,
  getAuditHead,
  migrate,
  openStore,
  type Store,
} from '../../src/store/index.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { addEverything, addRegion, changing } from './seed.ts';

/** What only a server can do to its clients. */

let postgres: Postgres;
let store: Store;
let urlOfStore: string;

before(async () => {
  postgres = await startPostgres();
  urlOfStore = await postgres.createDatabase();
  store = await openStore(urlOfStore);
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

test('another process hears of a check, and of its answer', async () => {
  const { server, slot } = await addEverything(store);
  const other = await openStore(urlOfStore);
  const heard: (string | undefined)[] = [];
  other.onChange((id) => heard.push(id));
  const until = async (id: string | undefined) => {
    const end = Date.now() + 60_000;
    while (!heard.includes(id)) {
      assert.ok(Date.now() < end, `${heard}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await until(undefined);
  const { id } = await askForCheck(store, slot);
  await until(server.id);
  await answerCheck(store, server.id, id, { key: false } as CheckReport);
  await until(id);
  await other.close();
});

test('another process hears of changes once they are committed, and of a cut', async () => {
  const region = await addRegion(store);
  const other = await openStore(urlOfStore);
  const heard: (string | undefined)[] = [];
  const until = async (wanted: (string | undefined)[]) => {
    while (heard.length < wanted.length) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(heard, wanted);
  };
  const stop = other.onChange((id) => heard.push(id));
  try {
    await until([undefined]);
    const failed = changing(store, [region.id], async () => {
      throw new Error('second thoughts');
    });
    await assert.rejects(failed, /second thoughts/);
    await changing(store, [region.id, region.id], async () => {
      assert.deepEqual(heard, [undefined], 'heard before it was committed');
    });
    await until([undefined, region.id]);
    await endOtherSessions();
    await until([undefined, region.id, undefined]);
    stop();
    await changing(store, [region.id], async () => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(heard.length, 3, 'it stopped listening');
  } finally {
    await other.close();
  }
});

test('a store can be closed while it begins to listen', async () => {
  for (const ms of [0, 1, 5, 20]) {
    const other = await openStore(urlOfStore);
    other.onChange(() => {});
    await new Promise((resolve) => setTimeout(resolve, ms));
    await other.close();
  }
});
