import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { chainEvent } from '../../src/domain/audit.ts';
import { auditRows, getAuditHead, type Store } from '../../src/store/index.ts';
import { testOnEachEngine } from '../support/engines.ts';
import { changing, SOME_EVENT } from './seed.ts';

const LENGTH = 3;

async function fillAudit(store: Store): Promise<void> {
  for (let made = 0; made < LENGTH; made += 1) await changing(store, [], async () => {});
}

/** Tries a statement that the database has to refuse, and sees that the audit is as it was. */
async function refused(store: Store, statement: string): Promise<void> {
  const before = await audit(store);
  await assert.rejects(sql.raw(statement).execute(store.db), /audit/, statement);
  assert.deepEqual(await audit(store), before, statement);
}

async function audit({ db }: Store) {
  return { rows: await Array.fromAsync(auditRows(db)), head: await getAuditHead(db) };
}

testOnEachEngine('the database refuses to change or remove a row of the audit', async (bench) => {
  const { store } = bench;
  await fillAudit(store);
  for (const statement of [
    `update audit_event set bytes = '{}' where seq = 2`,
    'update audit_event set seq = seq + 10',
    'update audit_event set bytes = bytes',
    'delete from audit_event where seq = 3',
    'delete from audit_event',
    'delete from audit_head',
    'update audit_head set seq = 2',
    `update audit_head set hash = '${'f'.repeat(64)}'`,
    'update audit_head set seq = 4',
  ]) {
    await refused(store, statement);
  }
  if (store.engine === 'postgres') {
    await refused(store, 'truncate audit_event');
    await refused(store, 'truncate audit_head');
  }
  await changing(store, [], async () => {});
  assert.equal((await getAuditHead(store.db)).seq, LENGTH + 1);
});

testOnEachEngine('the database takes the next row of the audit and no other', async ({ store }) => {
  await fillAudit(store);
  const { rows, head } = await audit(store);
  const [first, second] = rows;
  const next = chainEvent(head, 0, SOME_EVENT);
  for (const row of [
    { ...next, seq: LENGTH + 2 },
    { ...next, seq: LENGTH },
    { ...next, seq: 0 },
    { ...next, prev: second?.hash },
    { ...next, prev: '0'.repeat(64) },
    { ...next, hash: first?.hash },
  ]) {
    const values = `(${row.seq}, '${row.bytes}', '${row.prev}', '${row.hash}')`;
    for (const statement of overwriting(store, `audit_event values ${values}`)) {
      await refused(store, statement);
    }
  }
  if (store.engine === 'sqlite') {
    const values = `(2, ${next.seq}, '${next.bytes}', '${next.prev}', '${next.hash}')`;
    const row = `audit_event (rowid, seq, bytes, prev, hash) values ${values}`;
    await refused(store, `insert or replace into ${row}`);
  }
  for (const statement of overwriting(store, `audit_head values (1, 0, '${'0'.repeat(64)}')`)) {
    await refused(store, statement);
  }
  await store.db.insertInto('audit_event').values(next).execute();
  assert.equal((await audit(store)).rows.length, LENGTH + 1);
});

/** Every way in which the engine would put a row in the place of another. */
function overwriting({ engine }: Store, row: string): string[] {
  return engine === 'sqlite'
    ? [`insert into ${row}`, `insert or replace into ${row}`, `insert or ignore into ${row}`]
    : [`insert into ${row}`, `insert into ${row} on conflict do nothing`];
}
