import assert from 'node:assert/strict';
import {
  listAccounts,
  listAudit,
  listRegions,
  listTunnels,
  MAX_PAGE,
  type Page,
  type Paged,
} from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { addAccount, addEverything, addRegion, addTunnel } from './seed.ts';

/** Follows the cursors to the end. */
async function allPages<T>(list: (page: Page) => Promise<Paged<T>>, limit: number): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await list({ cursor, limit });
    pages.push(items);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

testOnEachEngine('pages hold every row once, in order of creation', async ({ store }) => {
  const made = [];
  for (let count = 0; count < 7; count += 1) made.push(await addAccount(store));
  made.sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
  for (const limit of [1, 3, 7, 100]) {
    const pages = await allPages((page) => listAccounts(store.db, page), limit);
    assert.deepEqual(pages.flat(), made);
    assert.equal(pages.length, Math.ceil(7 / limit));
  }
});

testOnEachEngine('rows of the same millisecond are told apart', async ({ store }) => {
  const ids = ['acc_c', 'acc_a', 'acc_b'];
  for (const id of ids) {
    await store.db
      .insertInto('account')
      .values({ id, slug: id, name: id, created_at: 5 })
      .execute();
  }
  const pages = await allPages((page) => listAccounts(store.db, page), 1);
  assert.deepEqual(
    pages.flat().map(({ id }) => id),
    ['acc_a', 'acc_b', 'acc_c'],
  );
});

testOnEachEngine('a list can be held to some accounts', async ({ store }) => {
  const { region, account, tunnel } = await addEverything(store);
  const other = await addAccount(store);
  await addTunnel(store, region, other);
  assert.equal((await listTunnels(store.db)).items.length, 2);
  assert.deepEqual((await listTunnels(store.db, {}, [account.id])).items, [tunnel]);
  assert.deepEqual((await listTunnels(store.db, {}, [])).items, []);
  assert.deepEqual((await listAccounts(store.db, {}, [other.id])).items, [other]);
  assert.deepEqual((await listAccounts(store.db, {}, [])).items, []);
});

testOnEachEngine('regions come in pages too, as they were made', async ({ store }) => {
  const made = [await addRegion(store), await addRegion(store)];
  const pages = await allPages((page) => listRegions(store.db, page), 1);
  assert.deepEqual(
    pages.flat().sort((a, b) => (a.slug < b.slug ? -1 : 1)),
    made,
  );
});

testOnEachEngine('a bad limit or a cursor of others is named', async ({ store }) => {
  for (const list of [listAccounts, listRegions, listTunnels, listAudit]) {
    for (const limit of [0, -1, MAX_PAGE + 1, 1.5, Number.NaN]) {
      await assert.rejects(list(store.db, { limit }), { code: 'value-invalid', field: 'limit' });
    }
    for (const cursor of ['', '*', 'MSAnIG9yIDE9MQ', Buffer.from('1 x\n').toString('base64url')]) {
      await assert.rejects(list(store.db, { cursor }), { code: 'value-invalid', field: 'cursor' });
    }
  }
});
