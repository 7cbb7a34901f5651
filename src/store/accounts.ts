import type { Kysely, Transaction } from 'kysely';
import type { Account, AccountInput } from '../domain/account.ts';
import { newId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import { afterCursor, type Page, type Paged, pageByCreation, rowsToRead } from './page.ts';
import type { Tables } from './tables.ts';

/** Adds an account. Throws an `exists` problem when its slug is taken. */
export async function insertAccount(
  trx: Transaction<Tables>,
  input: AccountInput,
  now: number,
): Promise<Account> {
  const row = await trx
    .insertInto('account')
    .values({ id: newId('acc'), slug: input.slug, name: input.name, created_at: now })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new Problem('exists', `there is an account ${input.slug} already`, {
      field: 'slug',
      next: 'Choose another slug.',
    });
  }
  return row;
}

export async function getAccount(db: Kysely<Tables>, id: string): Promise<Account | undefined> {
  return db.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Accounts in the order in which they were made; with `only`, none but these ids. */
export async function listAccounts(
  db: Kysely<Tables>,
  page: Page = {},
  only: string[] | null = null,
): Promise<Paged<Account>> {
  if (only?.length === 0) return { items: [], next: null };
  const rows = await db
    .selectFrom('account')
    .selectAll()
    .where(afterCursor(page))
    .$if(only !== null, (query) => query.where('id', 'in', only ?? []))
    .orderBy('created_at')
    .orderBy('id')
    .limit(rowsToRead(page))
    .execute();
  return pageByCreation(rows, page, (row) => row);
}
