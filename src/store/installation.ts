import type { Kysely, Transaction } from 'kysely';
import { Problem } from '../domain/problem.ts';
import { type Changed, change } from './change.ts';
import type { Store } from './store.ts';
import type { Tables } from './tables.ts';

/** What names the vendor everywhere: in installed files, services and addresses. */
export interface InstallationInput {
  vendor_slug: string;
  vendor_name: string;
  service_name: string;
  public_url: string;
}

export interface Installation extends InstallationInput {
  created_at: number;
}

/** Proxies keep these for years, so they are what they were at the first start. */
const FIXED = ['vendor_slug', 'service_name', 'public_url'] as const;

/**
 * Records the installation at its first start, and at later ones checks that it is still the same;
 * only the vendor's display name may change. Throws a `conflict` problem that names the setting.
 */
export async function ensureInstallation(
  store: Store,
  input: InstallationInput,
): Promise<Installation> {
  const known = await getInstallation(store.db);
  if (known) checkFixed(known, input);
  if (known?.vendor_name === input.vendor_name) return known;
  return change(store, { regions: [] }, (trx, at) => record(trx, input, at));
}

/** The installation, or undefined before its first start. */
export async function getInstallation(db: Kysely<Tables>): Promise<Installation | undefined> {
  return db
    .selectFrom('installation')
    .select(['vendor_slug', 'vendor_name', 'service_name', 'public_url', 'created_at'])
    .executeTakeFirst();
}

async function record(
  trx: Transaction<Tables>,
  input: InstallationInput,
  at: number,
): Promise<Changed<Installation>> {
  const { numInsertedOrUpdatedRows: inserted } = await trx
    .insertInto('installation')
    .values({ id: 1, ...input, created_at: at })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow();
  const current = (await getInstallation(trx)) as Installation;
  const event = { actor: 'system', subject: input.vendor_slug, from: '' };
  if (inserted === 1n) {
    return {
      result: current,
      events: [{ ...event, action: 'installation.created', after: { ...input } }],
    };
  }
  checkFixed(current, input);
  const { vendor_name } = input;
  if (current.vendor_name === vendor_name) return { result: current, events: [] };
  await trx.updateTable('installation').set({ vendor_name }).execute();
  return {
    result: { ...current, vendor_name },
    events: [
      {
        ...event,
        action: 'installation.renamed',
        before: { vendor_name: current.vendor_name },
        after: { vendor_name },
      },
    ],
  };
}

function checkFixed(known: Installation, input: InstallationInput): void {
  for (const field of FIXED) {
    if (known[field] !== input[field]) {
      throw new Problem(
        'conflict',
        `${field} was fixed as ${known[field]} at the first start and cannot become ${input[field]}`,
        { field, next: `Set ${field} back to ${known[field]}, or start with a new store.` },
      );
    }
  }
}
