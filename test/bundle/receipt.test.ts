import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ARTIFACT_NAMESPACE,
  AUDIT_NAMESPACE,
  createSigningKey,
  signBytes,
  signReceipt,
  verifyReceipt,
} from '../../src/bundle/index.ts';
import { type Receipt, receiptBytes } from '../../src/domain/receipt.ts';
import { acceptedByStock } from '../support/stock-signatures.ts';

const { key } = createSigningKey();
const { key: stranger } = createSigningKey();
const receipt: Receipt = { seq: 7, hash: 'a'.repeat(64), at: 1_700_000_000 };
const signed = signReceipt(receipt, key);

test('a signed receipt is accepted by its key, by us and by ssh-keygen', () => {
  verifyReceipt(signed, key.publicKey);
  assert.equal(signed.public_key, `${key.publicKey.type} ${key.publicKey.blob}`);
  const signers = `acme namespaces="${AUDIT_NAMESPACE}" ${signed.public_key}\n`;
  const message = receiptBytes(signed);
  const cases = [{ signature: signed.signature as string, message }];
  assert.deepEqual(acceptedByStock(signers, 'acme', AUDIT_NAMESPACE, cases), [0]);
});

test('a receipt that is changed, unsigned, or of another key or namespace is refused', () => {
  const elsewhere = signBytes(key, ARTIFACT_NAMESPACE, receiptBytes(receipt));
  for (const [given, reason] of [
    [{ ...signed, seq: 8 }, /other bytes/],
    [{ ...signed, hash: 'b'.repeat(64) }, /other bytes/],
    [{ ...signed, at: signed.at + 1 }, /other bytes/],
    [receipt, /is not signed/],
    [signReceipt(receipt, stranger), /not listed for the vendor/],
    [{ ...signReceipt(receipt, stranger), public_key: signed.public_key }, /not listed/],
    [{ ...signed, signature: elsewhere }, /culvert-artifact-v1/],
  ] as [Receipt, RegExp][]) {
    assert.throws(() => verifyReceipt(given, key.publicKey, '--receipt'), {
      code: 'signature-invalid',
      field: '--receipt',
      message: reason,
    });
  }
});
