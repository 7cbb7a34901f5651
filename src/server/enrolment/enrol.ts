import type { Static } from 'typebox';
import { Problem } from '../../domain/problem.ts';
import { enrolStatement, verifyProof } from '../../domain/proof.ts';
import { type PublicKey, parsePublicKey } from '../../domain/public-key.ts';
import { RefusedToken } from '../../domain/refused-token.ts';
import type { Slot } from '../../domain/tunnel.ts';
import { type EnrolmentToken, insertKey, type StoredKey, spendToken } from '../../store/index.ts';
import { findSlot, findTunnel } from '../find-tunnel.ts';
import { changeAndWake, type Services } from '../services.ts';
import { auditedKey } from './audited-key.ts';
import { checkExpiry, checkToken } from './check-token.ts';
import { type Enrolled, enrolled } from './enrolled.ts';
import { findOwnKey } from './find-own-key.ts';
import { keyReplaced } from './key-replaced.ts';
import { RefusedUse } from './refused-use.ts';
import type { EnrolSchema } from './schemas.ts';

export interface EnrolRequest {
  tunnel: string;
  token: string;
  /** The caller's address. */
  from: string;
  body: Static<typeof EnrolSchema>;
}

/**
 * Registers a proxy's public key with an enrolment token. The same key again on its own token gets
 * the same answer. Throws the problems of design/wire.md; then nothing was stored.
 */
export async function enrol(
  services: Services,
  { tunnel: tunnelId, token: secret, from, body }: EnrolRequest,
): Promise<Enrolled & { repeated: boolean }> {
  const { db } = services.store;
  const use = { token: secret, tunnel: tunnelId, slot: body.slot, from, now: Date.now() };
  const token = await checkToken(db, use);
  const publicKey = checkKey(token, body, use.now);
  await findTunnel(db, tunnelId);
  const slot = await findSlot(db, tunnelId, body.slot);

  const known = await findOwnKey(db, slot, publicKey);
  if (known && token.spent_by.includes(publicKey.fingerprint)) {
    return { ...(await enrolled(db, slot, known)), repeated: true };
  }
  const key = await register(services, { slot, token, publicKey, from, body }).catch((error) => {
    if (!(error instanceof Problem) || error.code !== 'token-spent') throw error;
    throw new RefusedUse(error, token, { from, fingerprint: publicKey.fingerprint });
  });
  return { ...(await enrolled(db, slot, key)), repeated: false };
}

/** The checks that need no more than the token: its end, the key's form, the proof. */
function checkKey(token: EnrolmentToken, body: EnrolRequest['body'], now: number): PublicKey {
  const used = token.spent_by.length > 0;
  if (!used) checkExpiry(token, now);
  if (body.public_key === '') checkUnspent(token, now);
  const publicKey = parsePublicKey(body.public_key);
  // A proxy that runs the installer again on its own spent token is answered also after its end.
  if (used && !token.spent_by.includes(publicKey.fingerprint)) checkExpiry(token, now);
  verifyProof(body.proof, {
    statement: enrolStatement(token.tunnel_id, token.slot, token.id),
    subject: publicKey,
    signer: publicKey,
  });
  return publicKey;
}

/**
 * Before an installer changes anything it asks, with an empty key, whether its token would do. One
 * that would is answered as any malformed key is.
 */
function checkUnspent(token: EnrolmentToken, now: number): void {
  checkExpiry(token, now);
  if (token.spent_by.length < token.max_uses) return;
  throw new RefusedToken('token-spent');
}

function register(
  services: Services,
  enrolment: {
    slot: Slot;
    token: EnrolmentToken;
    publicKey: PublicKey;
    from: string;
    body: EnrolRequest['body'];
  },
): Promise<StoredKey> {
  const { slot, token, publicKey, from, body } = enrolment;
  const { type, blob, fingerprint } = publicKey;
  return changeAndWake(services, [slot.region_id], async (trx, at) => {
    // Decides between callers that came this far together.
    const use = await spendToken(trx, token.id, fingerprint, at);
    const row = {
      tunnel_id: slot.tunnel_id,
      slot: slot.number,
      fingerprint,
      type,
      blob,
      render: body.render,
      platform: body.platform,
      confirmed: !token.confirm,
      // For a host that is rebuilt: its earlier keys went with its disk.
      replaces: token.max_uses > 1,
    };
    const { key, replaced } = await insertKey(trx, row, at);
    const actor = `token:${token.id}`;
    const event = {
      action: 'key.enrolled',
      actor,
      subject: slot.tunnel_id,
      from,
      after: auditedKey(key),
      data: { host: body.host ?? '', host_address: body.from ?? '' },
    };
    const gone = replaced.map((old) => keyReplaced(old, key, { actor, from }));
    return { result: key, events: use === 'again' ? [] : [event, ...gone] };
  });
}
