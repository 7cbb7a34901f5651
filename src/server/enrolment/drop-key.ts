import { Problem } from '../../domain/problem.ts';
import { removeKeyStatement, verifyProof } from '../../domain/proof.ts';
import type { Slot } from '../../domain/tunnel.ts';
import { isWaiting, removeKey, type StoredKey } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import { auditedKey } from './audited-key.ts';
import { findKey, publicKeyOf } from './key-fields.ts';
import type { KeysBody } from './schemas.ts';

/** Removes a key of a slot for good, proved by any key that the slot has. */
export async function dropKey(
  services: Services,
  slot: Slot,
  keys: StoredKey[],
  body: KeysBody,
  from: string,
): Promise<{ result: 'removed' }> {
  const target = findKey(keys, 'target', body.target);
  // A removed key may still prove its own removal: an uninstall that lost its answer asks again.
  // One that waits, too, but no other's: nobody has accepted it.
  const counts = (key: StoredKey) => key.removed_at === null && !isWaiting(key);
  const signers = keys.filter((key) => counts(key) || key === target);
  const signer = proveRemoval(slot, target, signers, body.proof);
  if (target.removed_at !== null) return { result: 'removed' };
  await changeAndWake(services, [slot.region_id], async (trx, at) => {
    const removed = await removeKey(trx, slot.tunnel_id, target.fingerprint, at);
    if (!removed) return { result: undefined, events: [] };
    const event = {
      action: 'key.removed',
      actor: `key:${signer.fingerprint}`,
      subject: slot.tunnel_id,
      from,
      before: auditedKey(removed),
    };
    return { result: undefined, events: [event] };
  });
  return { result: 'removed' };
}

/** Which of the slot's keys made the proof. Throws `proof-missing` or `proof-invalid`. */
function proveRemoval(
  slot: Slot,
  target: StoredKey,
  signers: StoredKey[],
  proof: string | undefined,
): StoredKey {
  const statement = removeKeyStatement(slot.tunnel_id, slot.number, target.fingerprint);
  let refusal: unknown = new Problem('proof-invalid', 'no key of this slot can prove that', {
    field: 'proof',
    next: 'Ask the vendor to remove the key.',
  });
  for (const key of signers) {
    const signer = publicKeyOf(key);
    try {
      verifyProof(proof, { statement, subject: signer, signer });
      return key;
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}
