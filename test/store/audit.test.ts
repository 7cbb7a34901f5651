import assert from 'node:assert/strict';
import { AUDIT_START, type AuditRow, linkHash } from '../../src/domain/audit.ts';
import { type BrokenLink, checkChain } from '../../src/domain/check-chain.ts';
import { auditRows, getAuditHead, listAudit, type Store } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { dropAuditGuards } from './drop-audit-guards.ts';
import { changing } from './seed.ts';

const LENGTH = 5;

async function fillAudit(store: Store): Promise<void> {
  for (let made = 0; made < LENGTH; made += 1) await changing(store, [], async () => {});
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

testOnEachEngine('what an owner of the database does to the audit is found', async (bench) => {
  const { store } = bench;
  await fillAudit(store);
  await dropAuditGuards(store);
  const rows = await Array.fromAsync(auditRows(store.db));
  const receipt = await getAuditHead(store.db);
  const [, second, third, fourth] = rows as [AuditRow, AuditRow, AuditRow, AuditRow];
  const bytes = third.bytes.replace('test.changed', 'test.harmless');
  for (const [work, needsReceipt, broken] of [
    [rows.with(2, { ...third, bytes }), false, { seq: 3, reason: 'was changed' }],
    [
      rows.toSpliced(2, 1),
      false,
      { seq: 3, reason: 'is missing or out of place: row 4 stands there' },
    ],
    [
      rows.with(2, { ...fourth, seq: 3 }).with(3, { ...third, seq: 4 }),
      false,
      { seq: 3, reason: 'does not follow row 2: one of the two was forged' },
    ],
    [
      rows.with(2, { ...third, bytes, hash: linkHash(second.hash, bytes) }),
      false,
      { seq: 4, reason: 'does not follow row 3: one of the two was forged' },
    ],
    [
      rows.slice(0, 3),
      true,
      { seq: 4, reason: 'is missing: the end was cut off, for the receipt names row 5' },
    ],
    [
      rechained(rows.with(2, { ...third, bytes })),
      true,
      { seq: 5, reason: 'is not the row that the receipt names: this chain was written anew' },
    ],
  ] as [AuditRow[], boolean, BrokenLink][]) {
    await store.db.deleteFrom('audit_event').execute();
    await store.db.insertInto('audit_event').values(work).execute();
    const alone = await checkChain(auditRows(store.db));
    assert.deepEqual(alone.broken, needsReceipt ? undefined : broken);
    const against = await checkChain(auditRows(store.db), receipt);
    assert.deepEqual(against.broken, broken);
  }
});

/** The rows with hashes that fit, as if all had been written so. */
function rechained(rows: AuditRow[]): AuditRow[] {
  let prev = AUDIT_START;
  return rows.map((row) => {
    const linked = { ...row, prev, hash: linkHash(prev, row.bytes) };
    prev = linked.hash;
    return linked;
  });
}

testOnEachEngine('the chain cannot fork, also without its triggers', async ({ store }) => {
  await fillAudit(store);
  await dropAuditGuards(store);
  const [row] = (await listAudit(store.db, { limit: 1 })).items;
  const fork = { seq: LENGTH + 1, bytes: '{}', prev: row?.prev ?? '', hash: 'f'.repeat(64) };
  await assert.rejects(store.db.insertInto('audit_event').values(fork).execute(), /unique/i);
});
