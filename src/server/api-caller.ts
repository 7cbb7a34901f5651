import { Problem } from '../domain/problem.ts';
import type { Scope } from '../domain/scope.ts';
import { parseToken, secretMatches } from '../domain/token.ts';
import { findApiToken, type Store } from '../store/index.ts';

/** A program of the vendor, known by its API token. */
export interface ApiCaller {
  tokenId: string;
  scopes: readonly Scope[];
  /** Ids of the accounts that it may touch, or null for all. */
  accounts: string[] | null;
}

/** Scopes that reach beyond any one account, so a token limited to accounts cannot use them. */
const BEYOND_ACCOUNTS: readonly Scope[] = [
  'regions:write',
  'accounts:write',
  'agents:write',
  'audit:read',
];

/**
 * Finds out who calls. Throws `token-missing`, `token-unknown`, `token-expired`, or `scope-missing`
 * for a good token that may not do this.
 */
export async function authenticateApiCaller(
  store: Store,
  token: string,
  scope: Scope,
): Promise<ApiCaller> {
  if (token === '') {
    throw refuse(
      'token-missing',
      'this route needs an API token',
      'Send Authorization: Bearer cva_….',
    );
  }
  const parsed = parseToken('api', token);
  const row = parsed && (await findApiToken(store.db, parsed.id));
  if (!row || !secretMatches(parsed.secret, row.hash) || row.revoked_at !== null) {
    throw refuse(
      'token-unknown',
      'this API token is not valid',
      'Make one: culvert api-token create.',
    );
  }
  if (row.expires_at !== null && row.expires_at <= Date.now()) {
    throw refuse(
      'token-expired',
      'this API token has expired',
      'Make one: culvert api-token create.',
    );
  }
  const caller = { tokenId: row.id, scopes: row.scopes, accounts: row.accounts };
  requireScope(caller, scope);
  return caller;
}

/** Throws `scope-missing` when the caller may not do what `scope` names. */
export function requireScope(caller: ApiCaller, scope: Scope, field = 'authorization'): void {
  const limited = caller.accounts !== null && BEYOND_ACCOUNTS.includes(scope);
  if (caller.scopes.includes(scope) && !limited) return;
  const detail = limited
    ? `a token limited to accounts cannot use the scope ${scope}`
    : `the API token lacks the scope ${scope}`;
  throw new Problem('scope-missing', detail, { field, next: 'Use a token that has this right.' });
}

/** Whether the caller may see and change what belongs to an account. */
export function reachesAccount(caller: ApiCaller, accountId: string): boolean {
  return caller.accounts === null || caller.accounts.includes(accountId);
}

function refuse(
  code: 'token-missing' | 'token-unknown' | 'token-expired',
  detail: string,
  next: string,
): Problem {
  return new Problem(code, detail, { field: 'authorization', next });
}
