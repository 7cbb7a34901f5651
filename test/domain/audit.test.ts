import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AUDIT_START, canonicalJson, chainEvent } from '../../src/domain/audit.ts';

const event = {
  action: 'tunnel.created',
  actor: 'api:x',
  subject: 'tun_1',
  from: '192.0.2.1',
  data: {},
};

test('a row states what happened, when and as which number', () => {
  const row = chainEvent({ seq: 0, hash: AUDIT_START }, 1_700_000_000_000, event);
  assert.deepEqual(JSON.parse(row.bytes), { v: 2, seq: 1, at: 1_700_000_000_000, ...event });
  assert.equal(row.prev, AUDIT_START);
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
