import { signReceipt } from '../bundle/index.ts';
import type { Receipt } from '../domain/receipt.ts';
import { getAuditHead } from '../store/index.ts';
import type { Services } from './services.ts';

/** The audit's head as it is now, signed where the vendor has a signing key. */
export async function auditReceipt({ store, settings }: Services): Promise<Receipt> {
  const head = await getAuditHead(store.db);
  const receipt = { ...head, at: Math.floor(Date.now() / 1000) };
  return settings.signing ? signReceipt(receipt, settings.signing.key) : receipt;
}
