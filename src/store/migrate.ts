import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { Problem } from '../domain/problem.ts';
import { migrationsFor } from './migrations/index.ts';
import type { Store } from './store.ts';
import { retryWhenBusy } from './transact.ts';

/** How a store's tables compare with what this version knows; names of migrations. */
export interface SchemaState {
  /** This store still lacks them. */
  pending: string[];
  /** A newer Culvert ran them, and this version may go on. */
  newer: string[];
  /** A newer Culvert ran them, and no version before that may touch the store. */
  breaking: string[];
}

/**
 * A migration adds, so that the version before goes on beside it while instances are replaced one by
 * one. Where that cannot be, its name ends so: an older version reads no more of it than its name.
 */
const BREAKING = '.breaking';

/**
 * Brings the tables to the newest form and gives the names of the migrations that it ran. All of
 * them or none: both engines change tables inside a transaction. Several processes may start at
 * once: PostgreSQL holds an advisory lock meanwhile, SQLite its write lock, and both let go when the
 * process dies.
 * Throws what a migration throws, or `unavailable` when a newer Culvert has migrated the store so
 * that this one cannot go on.
 */
export function migrate(store: Store): Promise<string[]> {
  return retryWhenBusy(async () => {
    if (await isAhead(store)) return [];
    const { error, results = [] } = await store.patiently(() =>
      migratorOf(store).migrateToLatest(),
    );
    if (error === undefined) return results.map(({ migrationName }) => migrationName);
    // A newer version may have come first while this one waited.
    if (await isAhead(store)) return [];
    throw error;
  });
}

/**
 * Whether this version can work on the store: gives the names of what a newer one has added to it.
 * Throws `unavailable` when it lacks migrations, or a newer Culvert's make it unfit for this one.
 */
export async function checkSchema(store: Store): Promise<string[]> {
  const { pending, newer, breaking } = await schemaState(store);
  if (breaking.length > 0) throw newerProblem();
  if (pending.length === 0) return newer;
  const tables = pending.length === 1 ? '1 migration' : `${pending.length} migrations`;
  throw new Problem('unavailable', `the store still lacks ${tables}`, {
    next: 'Run culvert migrate first, or start with culvert serve --migrate.',
  });
}

/** Whether a newer Culvert has migrated the store. Throws when this one cannot go on there. */
async function isAhead(store: Store): Promise<boolean> {
  const { pending, newer, breaking } = await schemaState(store);
  if (breaking.length > 0 || (newer.length > 0 && pending.length > 0)) throw newerProblem();
  return newer.length > 0;
}

/** Compares the migrations that ran on a store with ours. */
export async function schemaState(store: Store): Promise<SchemaState> {
  const known = await migratorOf(store).getMigrations();
  const pending = known.filter(({ executedAt }) => executedAt === undefined);
  // Kysely makes its table with the first of them.
  const ran = pending.length < known.length ? await ranMigrations(store) : [];
  const foreign = ran.filter((name) => !known.some((ours) => ours.name === name));
  return {
    pending: pending.map(({ name }) => name),
    newer: foreign.filter((name) => !name.endsWith(BREAKING)),
    breaking: foreign.filter((name) => name.endsWith(BREAKING)),
  };
}

async function ranMigrations({ db }: Store): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

function migratorOf(store: Store): Migrator {
  const migrations = migrationsFor(store.engine);
  return new Migrator({ db: store.db, provider: { getMigrations: async () => migrations } });
}

function newerProblem(): Problem {
  return new Problem('unavailable', 'a newer Culvert has changed this store for good', {
    next: 'Start the newer version, or restore the backup that was made before.',
  });
}
