import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Scope } from '../domain/scope.ts';
import type { Hashed } from './hashed.ts';
import type { ApiTokenTable, Tables } from './tables.ts';

/** What a program of the vendor may do. */
export interface ApiToken {
  id: string;
  name: string;
  scopes: Scope[];
  /** Ids of the accounts that it may touch, or null for all. */
  accounts: string[] | null;
  expires_at: number | null;
  created_at: number;
  revoked_at: number | null;
}

export type NewApiToken = Hashed<Omit<ApiToken, 'created_at' | 'revoked_at'>>;

export async function insertApiToken(
  trx: Transaction<Tables>,
  input: NewApiToken,
  now: number,
): Promise<ApiToken> {
  const row = await trx
    .insertInto('api_token')
    .values({
      ...input,
      scopes: JSON.stringify(input.scopes),
      accounts: input.accounts && JSON.stringify(input.accounts),
      created_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toApiToken(row);
}

/** A token with the hash of its secret, also when it is expired or revoked. */
export async function findApiToken(
  db: Kysely<Tables>,
  id: string,
): Promise<Hashed<ApiToken> | undefined> {
  const row = await db.selectFrom('api_token').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { ...toApiToken(row), hash: row.hash };
}

/** Every API token, newest first. */
export async function listApiTokens(db: Kysely<Tables>): Promise<ApiToken[]> {
  const rows = await db
    .selectFrom('api_token')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map(toApiToken);
}

/** Revokes a token and gives it; undefined when it is not there or was revoked before. */
export async function revokeApiToken(
  trx: Transaction<Tables>,
  id: string,
  now: number,
): Promise<ApiToken | undefined> {
  const row = await trx
    .updateTable('api_token')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return row && toApiToken(row);
}

function toApiToken({ hash: _, ...row }: Selectable<ApiTokenTable>): ApiToken {
  return {
    ...row,
    scopes: JSON.parse(row.scopes),
    accounts: row.accounts === null ? null : JSON.parse(row.accounts),
  };
}
