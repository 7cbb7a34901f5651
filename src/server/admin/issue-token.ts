import type { FastifyRequest } from 'fastify';
import type { Transaction } from 'kysely';
import type { AuditEvent } from '../../domain/audit.ts';
import { mintToken } from '../../domain/token.ts';
import { insertEnrolmentToken, type Tables } from '../../store/index.ts';
import { slotAddresses, tokenCommand } from '../addresses.ts';
import type { ServerSettings } from '../settings.ts';
import { eventBy } from './caller.ts';

/** How long an enrolment token is good for, seconds. */
export const TOKEN_LIFETIME = { default: 86_400, min: 60, max: 30 * 86_400 };

/** An enrolment token as its caller sees it, once. */
export interface IssuedToken {
  id: string;
  token: string;
  /** Unix seconds. */
  expires_at: number;
  command: string;
  token_command: string;
}

/** Makes a token for one slot and one use. The secret is in the answer and nowhere else. */
export async function issueToken(
  trx: Transaction<Tables>,
  settings: ServerSettings,
  place: { tunnel: string; slot: number; expires_in?: number | undefined },
  at: number,
): Promise<IssuedToken> {
  const { id, hash, token } = mintToken('enrolment');
  const { tunnel, slot, expires_in = TOKEN_LIFETIME.default } = place;
  // Whole seconds, so that what the caller is told is what is kept.
  const expires_at = Math.floor(at / 1000) + expires_in;
  const row = {
    id,
    hash,
    tunnel_id: tunnel,
    slot,
    expires_at: expires_at * 1000,
    max_uses: 1,
    source_cidr: null,
    confirm: false,
  };
  await insertEnrolmentToken(trx, row, at);
  const addresses = slotAddresses(settings, tunnel, slot);
  const { command } = addresses;
  return { id, token, expires_at, command, token_command: tokenCommand(addresses, token) };
}

/** The audit's event of it. */
export function tokenCreated(
  request: FastifyRequest,
  { tunnel, slot }: { tunnel: string; slot: number },
  { id: token_id, expires_at }: IssuedToken,
): AuditEvent {
  const after = { token_id, slot, expires_at: expires_at * 1000 };
  return eventBy(request, 'token.created', tunnel, { after });
}
