import type { Kysely, Selectable, Transaction } from 'kysely';
import { RefusedToken } from '../domain/refused-token.ts';
import type { Hashed } from './hashed.ts';
import { readSources, writeSources } from './source-column.ts';
import type { EnrolmentTokenTable, Tables } from './tables.ts';

/** The right to register a key for one slot, a given number of times. */
export interface EnrolmentToken {
  id: string;
  tunnel_id: string;
  slot: number;
  expires_at: number;
  max_uses: number;
  /** Fingerprints of the keys that it registered, oldest first. */
  spent_by: string[];
  /** CIDR blocks that it may be used from; none: any. */
  sources: string[];
  /** True: the key waits until the vendor accepts its fingerprint. */
  confirm: boolean;
  created_at: number;
  revoked_at: number | null;
}

export type NewEnrolmentToken = Hashed<
  Omit<EnrolmentToken, 'spent_by' | 'created_at' | 'revoked_at'>
>;

/** Adds a token that nobody has used yet. */
export async function insertEnrolmentToken(
  trx: Transaction<Tables>,
  { sources, ...input }: NewEnrolmentToken,
  now: number,
): Promise<EnrolmentToken> {
  const row = await trx
    .insertInto('enrolment_token')
    .values({
      ...input,
      source_cidr: writeSources(sources),
      confirm: input.confirm ? 1 : 0,
      created_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toToken(row);
}

/** A token with the hash of its secret, also when it is spent, expired or revoked. */
export async function findEnrolmentToken(
  db: Kysely<Tables>,
  id: string,
): Promise<Hashed<EnrolmentToken> | undefined> {
  const row = await selectToken(db, id);
  return row && { ...toToken(row), hash: row.hash };
}

/** The tokens of a tunnel, newest first. */
export async function listTokens(db: Kysely<Tables>, tunnelId: string): Promise<EnrolmentToken[]> {
  const rows = await db
    .selectFrom('enrolment_token')
    .selectAll()
    .where('tunnel_id', '=', tunnelId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map(toToken);
}

/**
 * Uses a token up for a key, once: `again` says that this key had used it before. However many ask
 * at once, no more than `max_uses` keys win. Throws `token-unknown` (no such token, or revoked),
 * `token-expired`, or `token-spent` when other keys have used it up.
 */
export async function spendToken(
  trx: Transaction<Tables>,
  id: string,
  fingerprint: string,
  now: number,
): Promise<'spent' | 'again'> {
  for (;;) {
    const row = await selectToken(trx, id);
    if (!row || row.revoked_at !== null) throw new RefusedToken('token-unknown');
    const spentBy: string[] = JSON.parse(row.spent_by);
    if (spentBy.includes(fingerprint)) return 'again';
    if (row.uses >= row.max_uses) throw new RefusedToken('token-spent');
    if (row.expires_at <= now) throw new RefusedToken('token-expired');
    const { numUpdatedRows } = await trx
      .updateTable('enrolment_token')
      .set({ uses: row.uses + 1, spent_by: JSON.stringify([...spentBy, fingerprint]) })
      .where('id', '=', id)
      // Someone may have used or revoked it since it was read: then look again.
      .where('uses', '=', row.uses)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 1n) return 'spent';
  }
}

/** Revokes a token of a tunnel and gives it; undefined when it is not there or was revoked before. */
export async function revokeToken(
  trx: Transaction<Tables>,
  tunnelId: string,
  id: string,
  now: number,
): Promise<EnrolmentToken | undefined> {
  const row = await trx
    .updateTable('enrolment_token')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('tunnel_id', '=', tunnelId)
    .where('revoked_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return row && toToken(row);
}

/** Revokes every token of a slot and gives their ids. */
export async function revokeSlotTokens(
  trx: Transaction<Tables>,
  tunnelId: string,
  slot: number,
  now: number,
): Promise<string[]> {
  const rows = await trx
    .updateTable('enrolment_token')
    .set({ revoked_at: now })
    .where('tunnel_id', '=', tunnelId)
    .where('slot', '=', slot)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

function selectToken(
  db: Kysely<Tables>,
  id: string,
): Promise<Selectable<EnrolmentTokenTable> | undefined> {
  return db.selectFrom('enrolment_token').selectAll().where('id', '=', id).executeTakeFirst();
}

function toToken(row: Selectable<EnrolmentTokenTable>): EnrolmentToken {
  const { hash: _hash, uses: _uses, source_cidr, ...token } = row;
  return {
    ...token,
    sources: readSources(source_cidr),
    spent_by: JSON.parse(row.spent_by),
    confirm: row.confirm === 1,
  };
}
