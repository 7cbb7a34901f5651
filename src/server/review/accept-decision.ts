import { parseReviewers, verifyReviewer } from '../../bundle/index.ts';
import { countPersons, personsNeeded } from '../../domain/approval.ts';
import { Problem } from '../../domain/problem.ts';
import type { ArtifactStatement } from '../../domain/statement.ts';
import { findArtifact } from '../../store/index.ts';
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
    if (statement.not_after * 1000 <= at) throw over();
    for (const artifact of statement.artifacts) {
      if (!(await findArtifact(trx, tunnel.id, artifact))) throw unknownArtifact(artifact);
    }
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

function over(): Problem {
  return new Problem('statement-invalid', 'statement: its time is over', {
    field: 'not_after',
    next: 'Get the text to sign anew.',
  });
}

function unknownArtifact(artifact: string): Problem {
  return new Problem('statement-invalid', `statement: this tunnel never had ${artifact}`, {
    field: 'artifacts',
    next: 'Compare the digests with those of the files that you reviewed.',
  });
}
