import type { Kysely } from 'kysely';
import { Problem } from '../../domain/problem.ts';
import { RefusedToken } from '../../domain/refused-token.ts';
import { isInside } from '../../domain/source-list.ts';
import { parseToken, secretMatches } from '../../domain/token.ts';
import { type EnrolmentToken, findEnrolmentToken, type Tables } from '../../store/index.ts';
import { RefusedUse } from './refused-use.ts';

export interface TokenUse {
  /** What stood behind Bearer, or an empty string. */
  token: string;
  tunnel: string;
  slot: number;
  /** The caller's address. */
  from: string;
  now: number;
}

/**
 * Finds the enrolment token and checks that it may be used here. Until the secret has matched, the
 * answer tells nothing. Whether it is spent is looked at later: its own key may ask again.
 */
export async function checkToken(db: Kysely<Tables>, use: TokenUse): Promise<EnrolmentToken> {
  if (use.token === '') throw new RefusedToken('token-missing');
  const parsed = parseToken('enrolment', use.token);
  const row = parsed && (await findEnrolmentToken(db, parsed.id));
  if (!row || !secretMatches(parsed.secret, row.hash) || row.revoked_at !== null) {
    throw new RefusedToken('token-unknown');
  }
  const { hash: _, ...token } = row;
  if (token.tunnel_id !== use.tunnel || token.slot !== use.slot) {
    throw new RefusedToken('token-other-tunnel');
  }
  if (token.sources.length > 0 && !isInside(use.from, token.sources)) {
    throw new RefusedUse(sourceRefused(), token, use);
  }
  return token;
}

function sourceRefused(): Problem {
  return new Problem('source-refused', 'this enrolment token may not be used from your address', {
    next: 'Run the installer on the host that the vendor has named.',
  });
}

/** Throws `token-expired`, unless this key has used the token before. */
export function checkExpiry(token: EnrolmentToken, now: number): void {
  if (token.expires_at > now) return;
  throw new RefusedToken('token-expired');
}
