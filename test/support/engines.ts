import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { migrate, openStore, type Store } from '../../src/store/index.ts';
import { databaseFolder } from './database-folder.ts';
import { type Postgres, startPostgres } from './postgres.ts';

/** A database of its own for one test. */
export interface Bench {
  /** For `openStore`. */
  url: string;
  /** Open, with all its tables. */
  store: Store;
  /** Opens the same database once more, as another process would. */
  open(): Promise<Store>;
}

const ENGINES = ['sqlite', 'postgres'] as const;
type Engine = (typeof ENGINES)[number];

/** Declares a test twice: once on SQLite, once on a real PostgreSQL. */
export function testOnEachEngine(
  name: string,
  work: (bench: Bench, t: TestContext) => Promise<void>,
): void {
  for (const engine of ENGINES) {
    test(`${name} (${engine})`, (t) =>
      withDatabase(engine, copyOfMigrated, async (url) => {
        const opened: Store[] = [];
        const open = async () => {
          const store = await openStore(url);
          opened.push(store);
          return store;
        };
        try {
          const store = await open();
          await migrate(store);
          await work({ url, store, open }, t);
        } finally {
          await Promise.all(opened.map((store) => store.close()));
        }
      }));
  }
}

/** Declares a test for each engine on a database that holds nothing yet. */
export function testOnEmptyDatabase(name: string, work: (url: string) => Promise<void>): void {
  for (const engine of ENGINES) {
    test(`${name} (${engine})`, () => withDatabase(engine, emptyDatabase, work));
  }
}

async function withDatabase(
  engine: Engine,
  createOnPostgres: () => Promise<string>,
  work: (url: string) => Promise<void>,
): Promise<void> {
  if (engine === 'postgres') return work(await createOnPostgres());
  const folder = await mkdtemp(join(databaseFolder(), 'culvert-store-'));
  try {
    await work(`sqlite:${join(folder, 'culvert.db')}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

let started: Promise<Postgres> | undefined;

/** One server a test process, started when first needed. */
function ownPostgres(): Promise<Postgres> {
  started ??= startPostgres();
  return started;
}

async function emptyDatabase(): Promise<string> {
  return (await ownPostgres()).createDatabase();
}

let migrated: Promise<string> | undefined;

/** Copying the tables is much quicker than making them for each test. */
async function copyOfMigrated(): Promise<string> {
  migrated ??= emptyDatabase().then(migrateAt);
  return (await ownPostgres()).createDatabase(await migrated);
}

async function migrateAt(url: string): Promise<string> {
  const store = await openStore(url);
  await migrate(store);
  await store.close();
  return url;
}

after(async () => (await started)?.stop());
