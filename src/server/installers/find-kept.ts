import type { Kysely } from 'kysely';
import { decisionOn, nextMoment } from '../../domain/approval.ts';
import { Problem } from '../../domain/problem.ts';
import { findArtifact, getBundle, type Tables } from '../../store/index.ts';
import { findTunnel } from '../find-tunnel.ts';
import { findReview } from '../review/find-review.ts';
import { neverMade } from '../review/never-made.ts';
import type { Services } from '../services.ts';
import { atRevision } from './at-revision.ts';
import { BUNDLE_FILE, bundleOf, type Kept, type Script } from './script.ts';
import { loadInstaller } from './stored-scripts.ts';

/**
 * A file of a tunnel by its digest: the very bytes that were served or waited once. Throws
 * `artifact-withdrawn` once a reviewer withdrew it, and `not-found`.
 */
export function findKept(
  services: Services,
  tunnelId: string,
  sha256: string,
  file: string,
): Promise<Kept> {
  const key = `${tunnelId} ${sha256} ${file}`;
  // A tunnel's slots are in one region, and the first of them is always there.
  return atRevision(services, services.files, { tunnelId, slot: 1 }, key, () =>
    loadKept(services.store.db, tunnelId, sha256, file),
  );
}

async function loadKept(
  db: Kysely<Tables>,
  tunnelId: string,
  sha256: string,
  file: string,
): Promise<Kept> {
  const tunnel = await findTunnel(db, tunnelId);
  const { script, installers } =
    file === BUNDLE_FILE
      ? await loadBundle(db, tunnelId, sha256)
      : await loadScript(db, tunnelId, sha256, file);
  const review = await findReview(db, tunnel);
  if (!review) return { ...script, until: Number.POSITIVE_INFINITY };
  const now = Date.now();
  const { statements, rules } = review;
  if (installers.some((each) => decisionOn(each, statements, rules, now) === 'withdraw')) {
    throw new Problem('artifact-withdrawn', 'a reviewer withdrew this file', {
      next: 'Use what the page of this tunnel shows.',
    });
  }
  return { ...script, until: nextMoment(statements, rules, now) ?? Number.POSITIVE_INFINITY };
}

interface Loaded {
  script: Script;
  /** Digests of the installers that it is, or holds. */
  installers: string[];
}

async function loadBundle(db: Kysely<Tables>, tunnelId: string, sha256: string): Promise<Loaded> {
  const bundle = await getBundle(db, tunnelId, sha256);
  if (!bundle) throw neverMade();
  return { script: bundleOf(bundle), installers: bundle.installers.map((each) => each.sha256) };
}

async function loadScript(
  db: Kysely<Tables>,
  tunnelId: string,
  sha256: string,
  file: string,
): Promise<Loaded> {
  const artifact = await findArtifact(db, tunnelId, sha256);
  if (artifact?.file !== file) throw neverMade();
  const script = await loadInstaller(db, tunnelId, sha256, artifact);
  return { script, installers: [sha256] };
}
