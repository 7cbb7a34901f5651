import { Migrator } from 'kysely/migration';
import { Problem } from '../domain/problem.ts';
import { migrationsFor } from './migrations/index.ts';
import type { Store } from './store.ts';
import { retryWhenBusy } from './transact.ts';

/**
 * Brings the tables to the newest form and gives the names of the migrations that it ran. All of
 * them or none: both engines change tables inside a transaction. Several processes may start at
 * once: PostgreSQL holds an advisory lock meanwhile, SQLite its write lock.
 * Throws what a migration throws, or `unavailable` when a newer Culvert has migrated the store.
 */
export function migrate(store: Store): Promise<string[]> {
  return retryWhenBusy(async () => {
    const { error, results = [] } = await migratorOf(store).migrateToLatest();
    if (error !== undefined) throw explained(error);
    return results.map(({ migrationName }) => migrationName);
  });
}

/** Names of the migrations that this store still lacks. */
export async function pendingMigrations(store: Store): Promise<string[]> {
  const all = await migratorOf(store).getMigrations();
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
}

function migratorOf(store: Store): Migrator {
  const migrations = migrationsFor(store.engine);
  return new Migrator({ db: store.db, provider: { getMigrations: async () => migrations } });
}

/** Kysely has no code for a migration that it does not know, only these words. */
function explained(error: unknown): unknown {
  if (
    !(error instanceof Error) ||
    !/previously executed migration .* is missing/.test(error.message)
  )
    return error;
  return new Problem('unavailable', 'this store was migrated by a newer Culvert', {
    next: 'Start the newer version, or restore the backup that was made before.',
  });
}
