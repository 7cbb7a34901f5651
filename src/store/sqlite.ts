import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
} from 'kysely';
import { slotRevisionSql } from './slot-revision.ts';
import type { SlotRevision, Store } from './store.ts';
import type { Tables } from './tables.ts';
import { retryWhenBusy } from './transact.ts';

/** SQLite's own wait for a lock stops the whole process, so it is short; `transact` tries again. */
const BUSY_TIMEOUT_MS = 20;

/** Opens a SQLite file; makes it and its folder when missing, closed to other users. */
export async function openSqlite(path: string): Promise<Store> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  // Another process that opens or closes the file at this moment holds it locked.
  const writer = await retryWhenBusy(async () => connect(path));
  // A connection of its own: on the other one it would see what is not committed yet.
  const reader = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
  const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(writer) });
  let statement: StatementSync | undefined;
  return {
    engine: 'sqlite',
    db,
    slotRevision(tunnelId, slot) {
      statement ??= reader.prepare(slotRevisionSql('?', '?'));
      return statement.get(tunnelId, slot) as SlotRevision;
    },
    // There is one instance, which knows of its own changes.
    patiently: (work) => work(),
    onChange: () => () => {},
    async close() {
      await db.destroy();
      for (const connection of [writer, reader]) if (connection.isOpen) connection.close();
    },
  };
}

function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('pragma journal_mode = wal; pragma synchronous = full');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Kysely's SQLite dialect over Node's own SQLite. */
class NodeSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;

  constructor(database: DatabaseSync) {
    const adapted = adapt(database);
    super({ database: adapted });
    this.#database = adapted;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver({ database: this.#database });
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/** SQLite changes tables inside transactions too; told otherwise, Kysely would migrate without one. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/**
 * Takes the write lock when a transaction begins. A plain `begin` takes it at the first write, and
 * fails with SQLITE_BUSY_SNAPSHOT, which no waiting cures, when someone wrote in between
 * (https://sqlite.org/isolation.html).
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** Gives Node's SQLite the few names of better-sqlite3 that Kysely asks for. */
function adapt(database: DatabaseSync): SqliteDatabase {
  return {
    close() {
      if (database.isOpen) database.close();
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        // Node's rows have no prototype; those of PostgreSQL do.
        all: (values) => statement.all(...(values as SQLInputValue[])).map((row) => ({ ...row })),
        run: (values) => statement.run(...(values as SQLInputValue[])),
        iterate: (values) => statement.iterate(...(values as SQLInputValue[])),
      };
    },
  };
}
