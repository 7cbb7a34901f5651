import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReceipt, receiptBytes } from '../../src/domain/receipt.ts';

const receipt = { seq: 7, hash: 'a'.repeat(64), at: 1_700_000_000 };

test('a receipt is read as it was given, signed or not', () => {
  const signed = { ...receipt, signature: 'text', public_key: 'text' };
  for (const given of [receipt, signed]) {
    assert.deepEqual(parseReceipt(JSON.stringify(given, null, 2), 'receipt'), given);
  }
});

test('what is no receipt is refused by its name', () => {
  for (const text of [
    '',
    'null',
    '[]',
    JSON.stringify({ ...receipt, seq: '7' }),
    JSON.stringify({ ...receipt, seq: -1 }),
    JSON.stringify({ ...receipt, hash: 'A'.repeat(64) }),
    JSON.stringify({ ...receipt, at: undefined }),
    JSON.stringify({ ...receipt, more: 1 }),
  ]) {
    assert.throws(() => parseReceipt(text, '--receipt'), {
      code: 'value-invalid',
      field: '--receipt',
      message: /^--receipt: /,
    });
  }
});

test('what is signed has one text, whatever else the receipt holds', () => {
  const bytes = receiptBytes({ ...receipt, signature: 'text' } as typeof receipt);
  assert.equal(bytes.toString(), `{"at":1700000000,"hash":"${receipt.hash}","seq":7}`);
});
