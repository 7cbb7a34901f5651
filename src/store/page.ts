import { type RawBuilder, sql } from 'kysely';
import { Problem } from '../domain/problem.ts';

/** Which part of a list is asked for. */
export interface Page {
  /** `next` of the page before; left out for the first page. */
  cursor?: string | undefined;
  /** 1 to 100; 50 when left out. */
  limit?: number | undefined;
}

/** A part of a list. */
export interface Paged<T> {
  items: T[];
  /** The cursor of the page behind, or null on the last. */
  next: string | null;
}

export const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;

/** How many rows to ask for: one more than the page holds, to see whether another follows. */
export function rowsToRead(page: Page): number {
  const limit = page.limit ?? DEFAULT_PAGE;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new Problem('value-invalid', `limit: must be a whole number from 1 to ${MAX_PAGE}`, {
      field: 'limit',
      next: 'Ask for fewer at a time and follow next_cursor.',
    });
  }
  return limit + 1;
}

/** The condition that continues a list in the order of (created_at, id). */
export function afterCursor({ cursor }: Page): RawBuilder<boolean> {
  if (cursor === undefined) return sql<boolean>`true`;
  const [at, id] = readCursor(cursor, /^(\d{1,15}) ([a-z0-9_]{1,64})$/);
  return sql<boolean>`(created_at, id) > (${Number(at)}, ${id})`;
}

/** Makes the page of rows in the order of (created_at, id). */
export function pageByCreation<Row extends { created_at: number; id: string }, T>(
  rows: Row[],
  page: Page,
  convert: (row: Row) => T,
): Paged<T> {
  return pageBy(rows, page, convert, (row) => `${row.created_at} ${row.id}`);
}

/** Makes a page of what `rowsToRead` asked for; `position` is what its cursor remembers. */
export function pageBy<Row, T>(
  rows: Row[],
  page: Page,
  convert: (row: Row) => T,
  position: (row: Row) => string,
): Paged<T> {
  const size = rowsToRead(page) - 1;
  const items = rows.slice(0, size);
  const last = items.at(-1);
  const next =
    rows.length > size && last !== undefined
      ? Buffer.from(position(last)).toString('base64url')
      : null;
  return { items: items.map(convert), next };
}

/** The parts of a cursor. Throws a `value-invalid` problem when we did not make it. */
export function readCursor(cursor: string, form: RegExp): string[] {
  const match = form.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (!match) {
    throw new Problem('value-invalid', 'cursor: is not one of ours', {
      field: 'cursor',
      next: 'Start again without a cursor.',
    });
  }
  return match.slice(1);
}
