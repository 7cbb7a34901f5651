import type { Scope } from '../domain/scope.ts';
import { mintToken } from '../domain/token.ts';
import { type ApiToken, change, insertApiToken, type Store } from '../store/index.ts';

/** Makes an API token on the store itself, which needs no other token: how the first one comes about. */
export async function issueApiToken(
  store: Store,
  input: { name: string; scopes: Scope[]; accounts: string[] | null; expires_at: number | null },
): Promise<ApiToken & { token: string }> {
  const { id, hash, token } = mintToken('api');
  const { name, scopes, accounts, expires_at } = input;
  const created = await change(store, { regions: [] }, async (trx, at) => ({
    result: await insertApiToken(trx, { id, hash, name, scopes, accounts, expires_at }, at),
    events: [
      {
        action: 'api-token.created',
        actor: 'system',
        subject: id,
        from: '',
        after: { name, scopes, accounts, expires_at },
      },
    ],
  }));
  return { ...created, token };
}
