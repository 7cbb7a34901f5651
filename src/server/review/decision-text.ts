import type { Kysely } from 'kysely';
import { type Decision, endOfDecision, formatStatement } from '../../domain/statement.ts';
import { findArtifact, getAccount, getBundle, type Tables } from '../../store/index.ts';
import { findTunnel } from '../find-tunnel.ts';
import type { ServerSettings } from '../settings.ts';
import { neverMade } from './never-made.ts';
import { nextPlace } from './next-place.ts';

/**
 * The text to sign for a decision on an installer, or on all installers of a bundle. It ends with a
 * day, UTC, so that everyone who asks on one day gets the same text. Throws `not-found`.
 */
export async function decisionText(
  db: Kysely<Tables>,
  settings: ServerSettings,
  tunnelId: string,
  sha256: string,
  { decision, days }: { decision: Decision; days: number },
  now = Date.now(),
): Promise<string> {
  const tunnel = await findTunnel(db, tunnelId);
  const account = await getAccount(db, tunnel.account_id);
  if (!account) throw new Error('a tunnel without its account');
  return formatStatement({
    v: 1,
    vendor: settings.vendor.slug,
    account: account.slug,
    tunnel: tunnel.id,
    decision,
    artifacts: await installersOf(db, tunnel.id, sha256),
    not_after: endOfDecision(now, days),
    ...(await nextPlace(db, tunnel.id)),
  });
}

async function installersOf(
  db: Kysely<Tables>,
  tunnelId: string,
  sha256: string,
): Promise<string[]> {
  const bundle = await getBundle(db, tunnelId, sha256);
  if (bundle) return bundle.installers.map((installer) => installer.sha256).toSorted();
  if (await findArtifact(db, tunnelId, sha256)) return [sha256];
  throw neverMade();
}
