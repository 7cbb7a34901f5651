import type { Kysely } from 'kysely';
import type { AuditHead, AuditRow } from '../domain/audit.ts';
import { type Page, type Paged, pageBy, readCursor, rowsToRead } from './page.ts';
import type { Tables } from './tables.ts';

const CHUNK = 1000;

/** The audit, oldest first. */
export async function listAudit(db: Kysely<Tables>, page: Page = {}): Promise<Paged<AuditRow>> {
  const [after] = page.cursor === undefined ? ['0'] : readCursor(page.cursor, /^(\d{1,15})$/);
  const rows = await rowsAfter(db, Number(after), rowsToRead(page));
  return pageBy(
    rows,
    page,
    (row) => row,
    (row) => String(row.seq),
  );
}

/** Every row of the audit from number `from` on, read a thousand at a time. */
export async function* auditRows(db: Kysely<Tables>, from = 1): AsyncGenerator<AuditRow> {
  for (let after = from - 1; ; ) {
    const rows = await rowsAfter(db, after, CHUNK);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHUNK) return;
    after = last.seq;
  }
}

/** Number and hash of the newest row; the last row's own when nothing was cut off. */
export async function getAuditHead(db: Kysely<Tables>): Promise<AuditHead> {
  return db.selectFrom('audit_head').select(['seq', 'hash']).executeTakeFirstOrThrow();
}

async function rowsAfter(db: Kysely<Tables>, seq: number, limit: number): Promise<AuditRow[]> {
  return db
    .selectFrom('audit_event')
    .select(['seq', 'bytes', 'prev', 'hash'])
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
}
