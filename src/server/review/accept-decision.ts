import type { Transaction } from 'kysely';
import { parseReviewers, verifyReviewer } from '../../bundle/index.ts';
import { countPersons, personsNeeded } from '../../domain/approval.ts';
import { Problem } from '../../domain/problem.ts';
import {
  type ArtifactStatement,
  endOfDecision,
  MAX_APPROVAL_DAYS,
} from '../../domain/statement.ts';
import { findArtifact, isInOneBundle, type Tables } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import { addSigned } from './add-signed.ts';
import { findReview } from './find-review.ts';
import { type Accepted, elsewhere, type Upload } from './upload.ts';

/** Takes a decision on artifacts. Throws the problems of `acceptStatement`. */
export async function acceptDecision(
  services: Services,
  upload: Upload,
  statement: ArtifactStatement,
): Promise<Accepted> {
  const { tunnel, text, signature, from } = upload;
  if (statement.tunnel !== tunnel.id) throw elsewhere('tunnel');
  return changeAndWake(services, [tunnel.region_id], async (trx, at) => {
    const review = await findReview(trx, tunnel);
    if (!review) throw noReviewers();
    const { rules } = review;
    const reviewers = parseReviewers(review.reviewers, 'reviewers');
    const signed = verifyReviewer(text, signature, reviewers, at);
    checkEnd(statement, at);
    await checkArtifacts(trx, tunnel.id, statement.artifacts);
    const needed = personsNeeded(statement.decision, rules);
    const { isNew, counts, persons } = await addSigned(
      trx,
      { ...upload, statement, about: tunnel.id },
      signed,
      (signers) => countPersons(signers, rules, at),
      needed,
      at,
    );
    const { decision, artifacts, serial, not_after } = statement;
    const after = { statement: upload.digest, decision, artifacts, serial, not_after, counts };
    const actor = `reviewer:${signed.person}`;
    const event = { action: 'statement.signed', actor, subject: tunnel.id, from };
    const data = { fingerprint: signed.fingerprint, persons, needed };
    return {
      result: { result: counts ? 'counts' : 'pending', persons, needed },
      events: isNew ? [{ ...event, after, data }] : [],
    };
  });
}

function noReviewers(): Problem {
  return new Problem('conflict', 'this account has no reviewers yet', {
    field: 'account',
    next: 'Have the vendor propose them, and sign that first.',
  });
}

function checkEnd({ not_after }: ArtifactStatement, now: number): void {
  if (not_after * 1000 <= now) throw unfitEnd('its time is over');
  if (not_after > endOfDecision(now, MAX_APPROVAL_DAYS)) {
    throw unfitEnd(`it would count for more than ${MAX_APPROVAL_DAYS} days`);
  }
}

function unfitEnd(why: string): Problem {
  return new Problem('statement-invalid', `statement: ${why}`, {
    field: 'not_after',
    next: 'Get the text to sign anew.',
  });
}

/** What one person reads is one bundle, so what is decided at once is in one. */
async function checkArtifacts(
  trx: Transaction<Tables>,
  tunnelId: string,
  artifacts: string[],
): Promise<void> {
  for (const artifact of artifacts) {
    if (!(await findArtifact(trx, tunnelId, artifact))) throw unknownArtifact(artifact);
  }
  if (await isInOneBundle(trx, tunnelId, artifacts)) return;
  throw new Problem('statement-invalid', 'statement: names installers of different bundles', {
    field: 'artifacts',
    next: 'Sign one statement for each bundle that you read.',
  });
}

function unknownArtifact(artifact: string): Problem {
  return new Problem('statement-invalid', `statement: this tunnel never had ${artifact}`, {
    field: 'artifacts',
    next: 'Compare the digests with those of the files that you reviewed.',
  });
}
