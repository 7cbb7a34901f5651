import { Problem } from '../../domain/problem.ts';
import { addKeyStatement, verifyProof } from '../../domain/proof.ts';
import { parsePublicKey } from '../../domain/public-key.ts';
import type { Slot } from '../../domain/tunnel.ts';
import { findKeyByFingerprint, insertKey, isWaiting, type StoredKey } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import { auditedKey } from './audited-key.ts';
import { type Enrolled, enrolled } from './enrolled.ts';
import { findOwnKey } from './find-own-key.ts';
import { findKey, publicKeyOf, required } from './key-fields.ts';
import type { KeysBody } from './schemas.ts';

/** Takes a new key into a slot, proved by one that it has and by the new one itself. */
export async function addKey(
  services: Services,
  slot: Slot,
  keys: StoredKey[],
  body: KeysBody,
  from: string,
): Promise<Enrolled> {
  const { db } = services.store;
  const old = findKey(keys, 'old', body.old);
  const publicKey = parsePublicKey(required('public_key', body.public_key));
  const render = required('render', body.render);
  const statement = addKeyStatement(
    slot.tunnel_id,
    slot.number,
    old.fingerprint,
    publicKey.fingerprint,
  );
  const proof = { statement, subject: publicKey };
  verifyProof(body.proof_old, { ...proof, signer: publicKeyOf(old) }, 'proof_old');
  verifyProof(body.proof_new, { ...proof, signer: publicKey }, 'proof_new');
  if (old.removed_at !== null) throw removedKey('old');

  const known = await findOwnKey(db, slot, publicKey);
  if (known) return enrolled(db, slot, known);
  const { type, blob, fingerprint } = publicKey;
  const key = await changeAndWake(services, [slot.region_id], async (trx, at) => {
    // Its removal may have come between: it wins.
    const voucher = await findKeyByFingerprint(trx, old.fingerprint);
    if (!voucher || voucher.removed_at !== null) throw removedKey('old');
    const row = {
      tunnel_id: slot.tunnel_id,
      slot: slot.number,
      fingerprint,
      type,
      blob,
      render,
      platform: old.platform,
      // The vendor's acceptance of the old key extends to the key that it vouches for.
      confirmed: !isWaiting(voucher),
    };
    const { key } = await insertKey(trx, row, at);
    const event = {
      action: 'key.added',
      actor: `key:${old.fingerprint}`,
      subject: slot.tunnel_id,
      from,
      after: auditedKey(key),
    };
    return { result: key, events: [event] };
  });
  return enrolled(db, slot, key);
}

function removedKey(field: string): Problem {
  return new Problem('key-removed', 'this key was removed and cannot come back', {
    field,
    next: 'Make a new key pair and enrol that.',
  });
}
