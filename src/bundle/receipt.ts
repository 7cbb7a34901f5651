import { Problem } from '../domain/problem.ts';
import type { PublicKey } from '../domain/public-key.ts';
import { type Receipt, receiptBytes } from '../domain/receipt.ts';
import type { SigningKey } from './signing-key.ts';
import { signBytes } from './sshsig.ts';
import { verifySignature } from './verify-signature.ts';

/** What a receipt of the audit is signed for. */
export const AUDIT_NAMESPACE = 'culvert-audit-v1';

const SIGNER = 'the vendor';

/** Signs a receipt; the key's public half stands beside the signature. */
export function signReceipt(receipt: Receipt, key: SigningKey): Receipt {
  const { type, blob } = key.publicKey;
  const signature = signBytes(key, AUDIT_NAMESPACE, receiptBytes(receipt));
  return { ...receipt, signature, public_key: `${type} ${blob}` };
}

/**
 * Accepts a receipt that `key` signed; the key that stands in the receipt itself counts for nothing.
 * Throws `signature-malformed` or `signature-invalid`, naming `field`.
 */
export function verifyReceipt(receipt: Receipt, key: PublicKey, field = 'receipt'): void {
  const { signature } = receipt;
  if (signature === undefined) {
    throw new Problem('signature-invalid', `${field}: is not signed`, {
      field,
      next: 'Have the vendor set CULVERT_SIGNING_KEY_FILE, or verify without a key.',
    });
  }
  const signer = { principal: SIGNER, namespaces: [AUDIT_NAMESPACE], key };
  verifySignature(
    signature,
    receiptBytes(receipt),
    {
      namespace: AUDIT_NAMESPACE,
      principal: SIGNER,
      signers: [{ ...signer, validAfter: undefined, validBefore: undefined }],
      at: receipt.at * 1000,
    },
    field,
  );
}
