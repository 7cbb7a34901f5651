import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_START, type AuditRow, chainEvent, linkHash } from '../../src/domain/audit.ts';
import { type BrokenLink, checkChain } from '../../src/domain/check-chain.ts';

const event = { action: 'tunnel.created', actor: 'api:x', subject: 'tun_1', from: '192.0.2.1' };

/** Rows that follow those given, as a writer would chain them. */
function extended(rows: readonly AuditRow[], length: number, actor = 'api:x'): AuditRow[] {
  const chain = [...rows];
  while (chain.length < length) {
    const head = chain.at(-1) ?? { seq: 0, hash: AUDIT_START };
    chain.push(
      chainEvent(head, 1_700_000_000_000, { ...event, actor, data: { index: chain.length } }),
    );
  }
  return chain;
}

/** The row's hash as if its writer had meant it. */
function rehashed(row: AuditRow): AuditRow {
  return { ...row, hash: linkHash(row.prev, row.bytes) };
}

async function brokenLink(rows: AuditRow[], receipt?: AuditRow): Promise<BrokenLink | undefined> {
  return (await checkChain(rows, receipt)).broken;
}

const LENGTH = 12;
const rows = extended([], LENGTH);
const last = rows.at(-1) as AuditRow;

test('a chain that was left alone is whole, and its head is its last row', async () => {
  const start = { seq: 0, hash: AUDIT_START };
  assert.deepEqual(await checkChain([]), { head: start, broken: undefined });
  assert.deepEqual(await checkChain([], start), { head: start, broken: undefined });
  const whole = { head: { seq: LENGTH, hash: last.hash }, broken: undefined };
  assert.deepEqual(await checkChain(rows), whole);
  for (const receipt of [start, ...rows]) assert.deepEqual(await checkChain(rows, receipt), whole);
});

test('a changed row is named', async () => {
  for (const index of rows.keys()) {
    const row = rows[index] as AuditRow;
    for (const bytes of [row.bytes.replace('api:x', 'api:y'), `${row.bytes} `, 'not JSON', '']) {
      const broken = await brokenLink(rows.with(index, { ...row, bytes }));
      assert.deepEqual(broken, { seq: index + 1, reason: 'was changed' });
    }
    const otherHash = await brokenLink(rows.with(index, { ...row, hash: AUDIT_START }));
    assert.deepEqual(otherHash, { seq: index + 1, reason: 'was changed' });
  }
});

test('a dropped, repeated or swapped row is named', async () => {
  for (const index of rows.keys()) {
    const [here, next] = rows.slice(index) as [AuditRow, AuditRow | undefined];
    if (next === undefined) break;
    const seq = index + 1;
    const misplaced = { seq, reason: `is missing or out of place: row ${seq + 1} stands there` };
    assert.deepEqual(await brokenLink(rows.toSpliced(index, 1)), misplaced);
    assert.deepEqual(await brokenLink(rows.with(index, next).with(index + 1, here)), misplaced);
    assert.deepEqual(await brokenLink(rows.toSpliced(index, 0, here)), {
      seq: seq + 1,
      reason: `is missing or out of place: row ${seq} stands there`,
    });
  }
});

test('a forged row is named with the one behind it, whose hash betrays it', async () => {
  for (const [index, row] of rows.slice(0, -1).entries()) {
    const forged = rehashed({ ...row, bytes: row.bytes.replace('api:x', 'api:y') });
    const reason = `does not follow row ${row.seq}: one of the two was forged`;
    assert.deepEqual(await brokenLink(rows.with(index, forged)), { seq: row.seq + 1, reason });
  }
  const [first] = rows as [AuditRow];
  const beginning = rehashed({ ...first, prev: 'f'.repeat(64) });
  assert.deepEqual(await brokenLink([beginning]), { seq: 1, reason: 'does not begin the chain' });
});

test('renumbering does not hide a dropped row', async () => {
  const [first, , third] = rows as [AuditRow, AuditRow, AuditRow];
  const moved = rehashed({ ...third, seq: 2, prev: first.hash });
  assert.deepEqual(await brokenLink([first, moved]), { seq: 2, reason: 'holds another row' });
});

test('bytes that are no row are an answer, not an error', async () => {
  for (const bytes of ['not JSON', 'null', '7', '']) {
    const row = rehashed({ seq: 1, bytes, prev: AUDIT_START, hash: '' });
    assert.deepEqual(await brokenLink([row]), { seq: 1, reason: 'holds another row' });
  }
});

test('a tail that was cut off is found by a receipt, and only by one', async () => {
  for (const length of rows.keys()) {
    const cut = rows.slice(0, length);
    assert.equal(await brokenLink(cut), undefined);
    assert.deepEqual(await brokenLink(cut, last), {
      seq: length + 1,
      reason: `is missing: the end was cut off, for the receipt names row ${LENGTH}`,
    });
  }
});

test('a chain that was written anew is found by a receipt, and only by one', async () => {
  const reason = 'is not the row that the receipt names: this chain was written anew';
  for (const kept of rows.keys()) {
    const anew = extended(rows.slice(0, kept), LENGTH + 3, 'api:forger');
    assert.equal(await brokenLink(anew), undefined);
    assert.deepEqual(await brokenLink(anew, last), { seq: LENGTH, reason });
    // A receipt tells of what came before it, and of nothing that came later.
    if (kept > 0) assert.equal(await brokenLink(anew, rows[kept - 1]), undefined);
  }
});
