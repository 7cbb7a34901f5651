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

/** How many keys one token may register. */
export const MAX_TOKEN_USES = 1000;

/** For whom and for what a token is good. */
export interface TokenTerms {
  tunnel: string;
  slot: number;
  /** Seconds. */
  expires_in?: number | undefined;
  /** Above 1: for a host that is rebuilt; each new key replaces those before it. */
  uses?: number | undefined;
  /** CIDR blocks, checked; none: any address. */
  sources?: string[] | undefined;
  /** True: a key waits until the vendor accepts its fingerprint. */
  confirm?: boolean | undefined;
}

/** Makes a token for one slot. The secret is in the answer and nowhere else. */
export async function issueToken(
  trx: Transaction<Tables>,
  settings: ServerSettings,
  terms: TokenTerms,
  at: number,
): Promise<IssuedToken> {
  const { id, hash, token } = mintToken('enrolment');
  const { tunnel, slot, expires_in = TOKEN_LIFETIME.default } = terms;
  // Whole seconds, so that what the caller is told is what is kept.
  const expires_at = Math.floor(at / 1000) + expires_in;
  const row = {
    id,
    hash,
    tunnel_id: tunnel,
    slot,
    expires_at: expires_at * 1000,
    ...limitsOf(terms),
  };
  await insertEnrolmentToken(trx, row, at);
  const addresses = slotAddresses(settings, tunnel, slot);
  const { command } = addresses;
  return { id, token, expires_at, command, token_command: tokenCommand(addresses, token) };
}

/** The audit's event of it. */
export function tokenCreated(
  request: FastifyRequest,
  terms: TokenTerms,
  { id: token_id, expires_at }: IssuedToken,
): AuditEvent {
  const { tunnel, slot } = terms;
  const after = { token_id, slot, expires_at: expires_at * 1000, ...limitsOf(terms) };
  return eventBy(request, 'token.created', tunnel, { after });
}

function limitsOf({ uses: max_uses = 1, sources = [], confirm = false }: TokenTerms) {
  return { max_uses, sources, confirm };
}
