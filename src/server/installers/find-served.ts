import { nextMoment } from '../../domain/approval.ts';
import { chooseBundle, type ReviewedBundle } from '../../domain/choose-bundle.ts';
import { Problem } from '../../domain/problem.ts';
import { listBundles } from '../../store/index.ts';
import { findTunnel } from '../find-tunnel.ts';
import { findReview, type Review } from '../review/find-review.ts';
import type { Services } from '../services.ts';
import { atRevision } from './at-revision.ts';
import { type Candidate, renderCandidate } from './candidate.ts';
import { keepBundle, packCandidate, placeKey } from './keep-bundle.ts';
import { loadInstallerInput } from './load-input.ts';
import { nothingApproved, type Served } from './served.ts';
import { loadScripts } from './stored-scripts.ts';

/**
 * What a slot serves now. Whatever is served is kept in the store before. Throws the problems of
 * `loadInstallerInput` and `renderInstaller`.
 */
export function findServed(services: Services, tunnelId: string, slot: number): Promise<Served> {
  const key = placeKey(tunnelId, slot);
  return atRevision(services, services.served, { tunnelId, slot }, key, () =>
    makeServed(services, tunnelId, slot),
  );
}

/** The same; undefined where there is nothing to serve, which the installer's address explains. */
export async function findServedOrNone(
  services: Services,
  tunnelId: string,
  slot: number,
): Promise<Served | undefined> {
  try {
    return await findServed(services, tunnelId, slot);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

async function makeServed(services: Services, tunnelId: string, slot: number): Promise<Served> {
  const { store, settings, catalogue } = services;
  const input = await loadInstallerInput(store.db, settings, tunnelId, slot);
  const candidate = renderCandidate(catalogue, input);
  const packed = await packCandidate(services, placeKey(tunnelId, slot), candidate);
  const review = await findReview(store.db, await findTunnel(store.db, tunnelId));
  const place = { tunnel_id: tunnelId, slot };
  const served = review
    ? await choose(services, place, candidate, packed.sha256, review)
    : serveAll(candidate, packed.sha256);
  await keepBundle(services, place, candidate, packed, served.waiting);
  return served;
}

async function choose(
  { store: { db } }: Services,
  { tunnel_id, slot }: { tunnel_id: string; slot: number },
  candidate: Candidate,
  newest: string,
  { statements, rules }: Review,
): Promise<Served> {
  const now = Date.now();
  const kept = await listBundles(db, tunnel_id, slot);
  const { serve, reasons, isStopped } = chooseBundle<ReviewedBundle>(
    { ...candidate, sha256: newest },
    kept.filter(({ sha256 }) => sha256 !== newest),
    statements,
    rules,
    now,
  );
  const until = nextMoment(statements, rules, now) ?? Number.POSITIVE_INFINITY;
  if (reasons.length === 0) return { ...serveAll(candidate, newest), until };
  const waiting = { bundle: newest, installers: candidate.installers, isStopped, reasons };
  if (serve) {
    const scripts = await loadScripts(db, tunnel_id, serve.sha256);
    return { scripts, bundle: serve.sha256, waiting, until };
  }
  const scripts = { linux: nothingApproved(), windows: nothingApproved() };
  return { scripts, bundle: undefined, waiting, until };
}

function serveAll({ scripts }: Candidate, bundle: string): Served {
  return { scripts, bundle, waiting: undefined, until: Number.POSITIVE_INFINITY };
}
