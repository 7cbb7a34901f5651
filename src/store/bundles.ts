import type { Kysely, Transaction } from 'kysely';
import type { BundleTable, Tables } from './tables.ts';

/** An installer of a bundle. */
export interface StoredInstaller {
  file: string;
  sha256: string;
  /** Of its template. */
  version: string;
}

/** A slot's installers as they were rendered once, without their bytes. */
export interface ListedBundle {
  tunnel_id: string;
  /** Of the tar. */
  sha256: string;
  slot: number;
  installers: StoredInstaller[];
  /** What they were rendered from. */
  input: unknown;
  created_at: number;
}

export interface StoredBundle extends ListedBundle {
  /** The tar, compressed. */
  gzip: Buffer;
}

const COLUMNS = ['tunnel_id', 'sha256', 'slot', 'installers', 'input', 'created_at'] as const;

/** Keeps a bundle and the digests of its installers. False: it is there already, and stays as it is. */
export async function insertBundle(
  trx: Transaction<Tables>,
  { gzip, installers, input, ...bundle }: StoredBundle,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('bundle')
    .values({
      ...bundle,
      gzip,
      installers: JSON.stringify(installers),
      input: JSON.stringify(input),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 0n) return false;
  const { tunnel_id, sha256 } = bundle;
  await trx
    .insertInto('artifact')
    .values(
      installers.map((each) => ({
        tunnel_id,
        sha256: each.sha256,
        file: each.file,
        bundle: sha256,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return true;
}

/** A bundle of a tunnel, by the digest of its tar. */
export async function getBundle(
  db: Kysely<Tables>,
  tunnelId: string,
  sha256: string,
): Promise<StoredBundle | undefined> {
  const row = await db
    .selectFrom('bundle')
    .select([...COLUMNS, 'gzip'])
    .where('tunnel_id', '=', tunnelId)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return row && { ...toBundle(row), gzip: Buffer.from(row.gzip) };
}

/** A slot's bundles, newest first. */
export async function listBundles(
  db: Kysely<Tables>,
  tunnelId: string,
  slot: number,
): Promise<ListedBundle[]> {
  const rows = await db
    .selectFrom('bundle')
    .select(COLUMNS)
    .where('tunnel_id', '=', tunnelId)
    .where('slot', '=', slot)
    .orderBy('created_at', 'desc')
    .orderBy('sha256')
    .execute();
  return rows.map(toBundle);
}

/** The name of an installer of a tunnel, by its digest, and the digest of a bundle that holds it. */
export async function findArtifact(
  db: Kysely<Tables>,
  tunnelId: string,
  sha256: string,
): Promise<{ file: string; bundle: string } | undefined> {
  return db
    .selectFrom('artifact')
    .select(['file', 'bundle'])
    .where('tunnel_id', '=', tunnelId)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
}

/** Whether some bundle of a tunnel holds all of these installers. */
export async function isInOneBundle(
  db: Kysely<Tables>,
  tunnelId: string,
  digests: string[],
): Promise<boolean> {
  const rows = await db
    .selectFrom('bundle')
    .select('installers')
    .where('tunnel_id', '=', tunnelId)
    .execute();
  return rows.some(({ installers }) => {
    const held = (JSON.parse(installers) as StoredInstaller[]).map(({ sha256 }) => sha256);
    return digests.every((digest) => held.includes(digest));
  });
}

function toBundle(row: Omit<BundleTable, 'gzip'>): ListedBundle {
  const { tunnel_id, sha256, slot, created_at } = row;
  const installers = JSON.parse(row.installers);
  return { tunnel_id, sha256, slot, installers, input: JSON.parse(row.input), created_at };
}
