import type { Kysely, Transaction } from 'kysely';
import type { StatementTable, Tables } from './tables.ts';

/** A reviewer's signature, verified when it came. */
export interface StatementSignature {
  person: string;
  fingerprint: string;
  signature: string;
}

/** What is written down of a statement when its first signature, or the vendor's proposal, comes. */
export interface NewStatement {
  digest: string;
  account_id: string;
  /** Id of the tunnel, or of the account, whose serials it counts among. */
  about: string;
  serial: number;
  /** As it is signed. */
  text: string;
}

export interface StoredStatement extends NewStatement {
  /** Whether enough persons had signed it. */
  counts: boolean;
  signatures: StatementSignature[];
}

/** Keeps a statement that does not count yet; does nothing when it is there already. */
export async function insertStatement(
  trx: Transaction<Tables>,
  statement: NewStatement,
  now: number,
): Promise<void> {
  await trx
    .insertInto('statement')
    .values({ ...statement, counts_as: null, created_at: now })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute();
}

/** Adds a person's signature; says whether it was new. */
export async function addSignature(
  trx: Transaction<Tables>,
  digest: string,
  signature: StatementSignature,
  now: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('statement_signature')
    .values({ statement: digest, ...signature, created_at: now })
    .onConflict((conflict) => conflict.columns(['statement', 'person']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** From now on the statement counts, and no other of its serial can. */
export async function letStatementCount(
  trx: Transaction<Tables>,
  { digest, serial }: NewStatement,
): Promise<void> {
  await trx
    .updateTable('statement')
    .set({ counts_as: serial })
    .where('digest', '=', digest)
    .execute();
}

/** A statement with the signatures under it. */
export async function findStatement(
  db: Kysely<Tables>,
  digest: string,
): Promise<StoredStatement | undefined> {
  const row = await db
    .selectFrom('statement')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row && (await withSignatures(db, [row]))[0];
}

/** The statements that count about a tunnel or an account, by serial. */
export async function listStatements(
  db: Kysely<Tables>,
  about: string,
): Promise<StoredStatement[]> {
  const rows = await db
    .selectFrom('statement')
    .selectAll()
    .where('about', '=', about)
    .where('counts_as', 'is not', null)
    .orderBy('counts_as')
    .execute();
  return withSignatures(db, rows);
}

/** The statements about a tunnel or an account that stand at a place and do not count yet. */
export async function pendingStatements(
  db: Kysely<Tables>,
  about: string,
  serial: number,
): Promise<StoredStatement[]> {
  const rows = await db
    .selectFrom('statement')
    .selectAll()
    .where('about', '=', about)
    .where('serial', '=', serial)
    .where('counts_as', 'is', null)
    .orderBy('created_at')
    .orderBy('digest')
    .execute();
  return withSignatures(db, rows);
}

/** The last statement that counts about a tunnel or an account. */
export async function lastStatement(
  db: Kysely<Tables>,
  about: string,
): Promise<StoredStatement | undefined> {
  const row = await db
    .selectFrom('statement')
    .selectAll()
    .where('about', '=', about)
    .where('counts_as', 'is not', null)
    .orderBy('counts_as', 'desc')
    .executeTakeFirst();
  return row && (await withSignatures(db, [row]))[0];
}

async function withSignatures(
  db: Kysely<Tables>,
  rows: StatementTable[],
): Promise<StoredStatement[]> {
  if (rows.length === 0) return [];
  const signatures = await db
    .selectFrom('statement_signature')
    .select(['statement', 'person', 'fingerprint', 'signature'])
    .where(
      'statement',
      'in',
      rows.map(({ digest }) => digest),
    )
    .orderBy('person')
    .execute();
  return rows.map(({ digest, account_id, about, serial, text, counts_as }) => ({
    digest,
    account_id,
    about,
    serial,
    text,
    counts: counts_as !== null,
    signatures: signatures
      .filter(({ statement }) => statement === digest)
      .map(({ person, fingerprint, signature }) => ({ person, fingerprint, signature })),
  }));
}
