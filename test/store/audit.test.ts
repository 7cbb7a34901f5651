import assert from 'node:assert/strict';
import { findBrokenLink } from '../../src/domain/audit.ts';
import { auditRows, getAuditHead, listAudit, type Store } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { dropAuditGuards } from './drop-audit-guards.ts';
import { changing } from './seed.ts';

const LENGTH = 5;

async function fillAudit(store: Store): Promise<void> {
  for (let made = 0; made < LENGTH; made += 1) await changing(store, [], async () => {});
}

async function brokenLink(store: Store) {
  return findBrokenLink(await Array.fromAsync(auditRows(store.db)));
}

testOnEachEngine('a new store has an empty chain', async ({ store }) => {
  assert.deepEqual(await getAuditHead(store.db), { seq: 0, hash: '0'.repeat(64) });
  assert.deepEqual(await listAudit(store.db), { items: [], next: null });
});

testOnEachEngine('the audit is read in pages and from any row', async ({ store }) => {
  await fillAudit(store);
  const first = await listAudit(store.db, { limit: 3 });
  const second = await listAudit(store.db, { limit: 3, cursor: first.next ?? '' });
  assert.deepEqual(
    [...first.items, ...second.items].map(({ seq }) => seq),
    [1, 2, 3, 4, 5],
  );
  assert.equal(second.next, null);
  const tail = await Array.fromAsync(auditRows(store.db, 4));
  assert.deepEqual(tail, second.items);
});

testOnEachEngine('a row whose bytes were changed is found', async ({ store }) => {
  await fillAudit(store);
  await dropAuditGuards(store);
  const { db } = store;
  await db.updateTable('audit_event').set({ bytes: '{"seq":3}' }).where('seq', '=', 3).execute();
  assert.deepEqual(await brokenLink(store), { seq: 3, reason: 'was changed' });
});

testOnEachEngine('a row that was taken out is found', async ({ store }) => {
  await fillAudit(store);
  await dropAuditGuards(store);
  await store.db.deleteFrom('audit_event').where('seq', '=', 2).execute();
  assert.deepEqual(await brokenLink(store), { seq: 2, reason: 'row 2 is missing' });
});

testOnEachEngine('rows cut off at the end leave a head without its row', async ({ store }) => {
  await fillAudit(store);
  await dropAuditGuards(store);
  await store.db.deleteFrom('audit_event').where('seq', '=', LENGTH).execute();
  assert.equal(await brokenLink(store), undefined);
  assert.equal((await getAuditHead(store.db)).seq, LENGTH);
  const rows = await Array.fromAsync(auditRows(store.db));
  assert.equal(rows.length, LENGTH - 1);
});

testOnEachEngine('the chain cannot fork, also without its triggers', async ({ store }) => {
  await fillAudit(store);
  await dropAuditGuards(store);
  const [row] = (await listAudit(store.db, { limit: 1 })).items;
  const fork = { seq: LENGTH + 1, bytes: '{}', prev: row?.prev ?? '', hash: 'f'.repeat(64) };
  await assert.rejects(store.db.insertInto('audit_event').values(fork).execute(), /unique/i);
});
