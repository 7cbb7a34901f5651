import type { Static } from 'typebox';
import { Problem } from '../../domain/problem.ts';
import { addKeyStatement, removeKeyStatement, verifyProof } from '../../domain/proof.ts';
import { type KeyType, type PublicKey, parsePublicKey } from '../../domain/public-key.ts';
import type { Slot } from '../../domain/tunnel.ts';
import { insertKey, listTunnelKeys, removeKey, type StoredKey } from '../../store/index.ts';
import { findSlot, findTunnel } from '../find-tunnel.ts';
import { changeAndWake, type Services } from '../services.ts';
import { type Enrolled, enrolled } from './enrolled.ts';
import { findOwnKey } from './find-own-key.ts';
import type { KeysSchema } from './schemas.ts';

type Body = Static<typeof KeysSchema>;

export interface KeysRequest {
  tunnel: string;
  /** The caller's address. */
  from: string;
  body: Body;
}

const FIELDS = {
  add: ['op', 'slot', 'old', 'public_key', 'proof_old', 'proof_new', 'render'],
  remove: ['op', 'slot', 'target', 'proof'],
};

/**
 * Takes a new key into a slot, proved by an old and the new one, or removes one, proved by any key
 * of the slot. Repeated, both give the same answer. Throws the problems of design/wire.md.
 */
export async function changeKeys(
  services: Services,
  { tunnel: tunnelId, from, body }: KeysRequest,
): Promise<Enrolled | { result: 'removed' }> {
  const foreign = Object.keys(body).find((name) => !FIELDS[body.op].includes(name));
  if (foreign !== undefined) throw invalid(foreign, `is not a field of op=${body.op}`);
  const { db } = services.store;
  await findTunnel(db, tunnelId);
  const slot = await findSlot(db, tunnelId, body.slot);
  const all = await listTunnelKeys(db, tunnelId);
  const keys = all.filter((key) => key.slot === slot.number);
  return body.op === 'add'
    ? addKey(services, slot, keys, body, from)
    : dropKey(services, slot, keys, body, from);
}

async function addKey(
  services: Services,
  slot: Slot,
  keys: StoredKey[],
  body: Body,
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
    const row = {
      tunnel_id: slot.tunnel_id,
      slot: slot.number,
      fingerprint,
      type,
      blob,
      render,
      platform: old.platform,
      // The vendor's acceptance of the old key extends to the key that it vouches for.
      confirmed: old.confirmed_at !== null,
    };
    const result = await insertKey(trx, row, at);
    const event = {
      action: 'key.added',
      actor: `key:${old.fingerprint}`,
      subject: slot.tunnel_id,
      from,
      data: { slot: slot.number, fingerprint, render },
    };
    return { result, events: [event] };
  });
  return enrolled(db, slot, key);
}

async function dropKey(
  services: Services,
  slot: Slot,
  keys: StoredKey[],
  body: Body,
  from: string,
): Promise<{ result: 'removed' }> {
  const target = findKey(keys, 'target', body.target);
  // A removed key may still prove its own removal: an uninstall that lost its answer asks again.
  const signers = keys.filter((key) => key.removed_at === null || key === target);
  const signer = proveRemoval(slot, target, signers, body.proof);
  if (target.removed_at !== null) return { result: 'removed' };
  await changeAndWake(services, [slot.region_id], async (trx, at) => {
    const removed = await removeKey(trx, slot.tunnel_id, target.fingerprint, at);
    const event = {
      action: 'key.removed',
      actor: `key:${signer.fingerprint}`,
      subject: slot.tunnel_id,
      from,
      data: { slot: slot.number, fingerprint: target.fingerprint },
    };
    return { result: undefined, events: removed ? [event] : [] };
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

/** A key that the slot has or had. Throws a problem that names the field. */
function findKey(keys: StoredKey[], field: string, fingerprint: string | undefined): StoredKey {
  const wanted = required(field, fingerprint);
  const key = keys.find((known) => known.fingerprint === wanted);
  if (!key) throw invalid(field, 'is not the fingerprint of a key of this slot');
  return key;
}

function publicKeyOf({ type, blob, fingerprint }: StoredKey): PublicKey {
  return { type: type as KeyType, blob, fingerprint };
}

function required(field: string, value: string | undefined): string {
  if (value === undefined) throw invalid(field, 'is missing');
  return value;
}

function invalid(field: string, why: string): Problem {
  return new Problem('value-invalid', `${field}: ${why}`, {
    field,
    next: `Correct ${field} and send the request again.`,
  });
}

function removedKey(field: string): Problem {
  return new Problem('key-removed', 'this key was removed and cannot come back', {
    field,
    next: 'Make a new key pair and enrol that.',
  });
}
