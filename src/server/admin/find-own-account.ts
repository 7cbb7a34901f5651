import type { Kysely } from 'kysely';
import type { Account } from '../../domain/account.ts';
import { Problem } from '../../domain/problem.ts';
import { getAccount, type Tables } from '../../store/index.ts';
import { type ApiCaller, reachesAccount } from '../api-caller.ts';

/** An account that the caller may see. Another one is as unknown as one that never was. */
export async function findOwnAccount(
  db: Kysely<Tables>,
  caller: ApiCaller,
  id: string,
): Promise<Account> {
  const account = await getAccount(db, id);
  if (account && reachesAccount(caller, account.id)) return account;
  throw new Problem('not-found', 'there is no such account', {
    next: 'List the accounts to find its id.',
  });
}
