import { Problem } from '../domain/problem.ts';
import { checkSchema, migrate, openStore, type Store } from '../store/index.ts';

/**
 * Opens the store at `url` for a command that does not migrate.
 * Throws `unavailable` when it cannot be reached, or this version cannot work on its tables.
 */
export function openMigratedStore(url: string): Promise<Store> {
  return open(url, async (store) => {
    await checkSchema(store);
    return store;
  });
}

/** Opens the store at `url`, migrates it and gives the names of what was applied. Throws as above. */
export function openAndMigrate(url: string): Promise<{ store: Store; applied: string[] }> {
  return open(url, async (store) => ({ store, applied: await migrate(store) }));
}

async function open<Result>(
  url: string,
  prepare: (store: Store) => Promise<Result>,
): Promise<Result> {
  let store: Store | undefined;
  try {
    store = await openStore(url);
    return await prepare(store);
  } catch (error) {
    await store?.close();
    throw error instanceof Problem ? error : unreachable(error as NodeJS.ErrnoException);
  }
}

/** What an engine says of itself; the address stays out, for it may hold a password. */
function unreachable(error: NodeJS.ErrnoException): Problem {
  const reason = error.message || error.code || 'no reason given';
  return new Problem('unavailable', `the store cannot be opened: ${reason}`, {
    field: 'CULVERT_STORE',
    next: 'Check CULVERT_STORE, and that the database runs and lets this user in.',
  });
}
