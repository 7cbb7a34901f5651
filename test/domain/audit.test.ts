import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AUDIT_START,
  type AuditRow,
  canonicalJson,
  chainEvent,
  findBrokenLink,
} from '../../src/domain/audit.ts';

const event = {
  action: 'tunnel.created',
  actor: 'api:x',
  subject: 'tun_1',
  from: '192.0.2.1',
  data: {},
};

function chain(length: number): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let index = 0; index < length; index++) {
    const head = rows.at(-1) ?? { seq: 0, hash: AUDIT_START };
    rows.push(chainEvent(head, 1_700_000_000_000 + index, { ...event, data: { index } }));
  }
  return rows;
}

/** The row's hash as if its writer had meant it. */
function rehashed(row: AuditRow): AuditRow {
  return { ...row, hash: createHash('sha256').update(`${row.prev}\n${row.bytes}`).digest('hex') };
}

test('a chain that was left alone is whole', () => {
  assert.equal(findBrokenLink([]), undefined);
  assert.equal(findBrokenLink(chain(20)), undefined);
});

test('a row states what happened, when and as which number', () => {
  const [row] = chain(1) as [AuditRow];
  assert.deepEqual(JSON.parse(row.bytes), {
    v: 2,
    seq: 1,
    at: 1_700_000_000_000,
    ...event,
    data: { index: 0 },
  });
  assert.equal(row.prev, AUDIT_START);
});

test('any change of any row is found, at that row or the one behind it', () => {
  const rows = chain(12);
  const spoil: ((row: AuditRow) => AuditRow)[] = [
    (row) => ({ ...row, bytes: row.bytes.replace('api:x', 'api:y') }),
    (row) => ({ ...row, bytes: `${row.bytes} ` }),
    (row) => ({ ...row, bytes: 'not JSON' }),
    (row) => ({ ...row, hash: AUDIT_START }),
    (row) => ({ ...row, prev: 'f'.repeat(64) }),
    (row) => ({ ...row, seq: row.seq + 1 }),
    (row) => rehashed({ ...row, bytes: row.bytes.replace('api:x', 'api:y') }),
  ];
  for (const change of spoil) {
    for (let index = 0; index < rows.length - 1; index++) {
      const broken = findBrokenLink(rows.with(index, change(rows[index] as AuditRow)));
      assert.ok(broken && broken.seq >= index + 1 && broken.seq <= index + 2, String(index));
    }
  }
});

test('a dropped, repeated or swapped row is found where it was', () => {
  const rows = chain(12);
  for (let index = 0; index < rows.length - 1; index++) {
    const [here, next] = rows.slice(index) as [AuditRow, AuditRow];
    const dropped = findBrokenLink(rows.toSpliced(index, 1));
    assert.deepEqual(dropped, { seq: index + 1, reason: `row ${index + 1} is missing` });
    assert.equal(findBrokenLink(rows.toSpliced(index, 0, here))?.seq, index + 2);
    assert.equal(findBrokenLink(rows.with(index, next).with(index + 1, here))?.seq, index + 1);
  }
});

test('renumbering does not hide a dropped row', () => {
  const [first, , third] = chain(3) as [AuditRow, AuditRow, AuditRow];
  const moved = rehashed({ ...third, seq: 2, prev: first.hash });
  assert.deepEqual(findBrokenLink([first, moved]), { seq: 2, reason: 'holds another row' });
});

test('bytes that are no row are an answer, not an error', () => {
  for (const bytes of ['not JSON', 'null', '7', '']) {
    const row = rehashed({ seq: 1, bytes, prev: AUDIT_START, hash: '' });
    assert.deepEqual(findBrokenLink([row]), { seq: 1, reason: 'holds another row' });
  }
});

test('one value has one canonical text, whatever the order of its names', () => {
  const shuffled = (value: unknown): unknown =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([name, part]) => [name, shuffled(part)]),
        )
      : Array.isArray(value)
        ? value.map(shuffled)
        : value;
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(shuffled(value)), text);
      assert.equal(canonicalJson(JSON.parse(text)), text);
    }),
    { numRuns: 2000 },
  );
});

test('names are sorted at every depth, without white space', () => {
  assert.equal(canonicalJson({ b: [{ d: 1, c: 2 }], a: 'x' }), '{"a":"x","b":[{"c":2,"d":1}]}');
});
