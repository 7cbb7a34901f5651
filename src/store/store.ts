import type { Kysely } from 'kysely';
import { Problem } from '../domain/problem.ts';
import type { ChangeListener } from './change-feed.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** Everything that Culvert keeps, on one of two engines that behave alike. */
export interface Store {
  engine: 'sqlite' | 'postgres';
  db: Kysely<Tables>;
  /**
   * The revision of the region that a slot belongs to; undefined when there is no such slot or its
   * tunnel was removed. One prepared statement outside Kysely, for routes that do nothing else.
   */
  slotRevision(tunnelId: string, slot: number): SlotRevision | Promise<SlotRevision>;
  /**
   * Does work whose statements may take minutes, when nothing else is done. Otherwise a database that
   * says nothing for a quarter of a minute counts as one that is not there.
   */
  patiently<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Calls the listener soon after any process changed something, until what this gives is called. A
   * hint: on SQLite, and while the connection is cut, nothing is heard, so look now and then, too.
   */
  onChange(listener: ChangeListener): () => void;
  /** Ends every connection. A second call does nothing. */
  close(): Promise<void>;
}

export type SlotRevision = { revision: number } | undefined;

/**
 * Opens the store that `url` names: `sqlite:<path>`, or `postgres://…` as libpq takes it. A SQLite
 * file and its folder are made when missing, for the owner's eyes only. Does not migrate.
 * Throws a `value-invalid` problem for any other address.
 */
export async function openStore(url: string): Promise<Store> {
  if (/^sqlite:./.test(url)) return openSqlite(url.slice('sqlite:'.length));
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url);
  throw new Problem('value-invalid', 'store: the address names neither SQLite nor PostgreSQL', {
    field: 'store',
    next: 'Give sqlite:<path> or postgres://<user>@<host>/<database>.',
  });
}
