import type { Transaction } from 'kysely';
import {
  countReviewers,
  parseReviewers,
  reviewerKeys,
  verifyReviewer,
} from '../../bundle/index.ts';
import { countPersons, type ReviewRules } from '../../domain/approval.ts';
import { Problem } from '../../domain/problem.ts';
import { parseStatement, type ReviewersStatement } from '../../domain/statement.ts';
import { accountRegions, findStatement, type Tables } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import { addSigned } from './add-signed.ts';
import { checkReviewers } from './check-reviewers.ts';
import { checkPlace, nextPlace } from './next-place.ts';
import type { Accepted, Upload } from './upload.ts';

/**
 * Takes a signature under a change of an account's reviewers. The first reviewers are confirmed by
 * each of them, after the vendor proposed them; later changes by as many of the present ones as an
 * approval needs. Throws the problems of `acceptStatement`.
 */
export async function acceptReviewers(
  services: Services,
  upload: Upload,
  statement: ReviewersStatement,
): Promise<Accepted> {
  const { tunnel, text, signature, digest, from } = upload;
  const about = tunnel.account_id;
  const regions = await accountRegions(services.store.db, about);
  return changeAndWake(services, regions, async (trx, at) => {
    const { rules, reviewers, needed } = await signersOf(trx, about, upload, statement);
    const signed = verifyReviewer(text, signature, parseReviewers(reviewers, 'reviewers'), at);
    checkReviewers(services.settings, statement);
    const { isNew, counts, persons } = await addSigned(
      trx,
      { ...upload, statement, about },
      signed,
      (signers) => countPersons(signers, rules, at),
      needed,
      at,
    );
    const { approvals, policy, serial } = statement;
    const after = { statement: digest, reviewers: statement.reviewers, approvals, policy, serial };
    const actor = `reviewer:${signed.person}`;
    const event = { action: 'reviewers.signed', actor, subject: about, from };
    const data = { fingerprint: signed.fingerprint, persons, needed, counts };
    return {
      result: { result: counts ? 'counts' : 'pending', persons, needed },
      events: isNew ? [{ ...event, after, data }] : [],
    };
  });
}

/** Who may sign it, and how many must: the reviewers before it, or all of the first ones. */
async function signersOf(
  trx: Transaction<Tables>,
  about: string,
  { digest }: Upload,
  statement: ReviewersStatement,
): Promise<{ rules: ReviewRules; reviewers: string; needed: number }> {
  const { previous } = statement;
  const [known, before] = await Promise.all([
    findStatement(trx, digest),
    previous === null ? undefined : findStatement(trx, previous),
  ]);
  if (!known?.counts) checkPlace(statement, await nextPlace(trx, about));
  if (!before && !known) throw notProposed();
  const judges = before ? (parseStatement(before.text) as ReviewersStatement) : statement;
  const signers = parseReviewers(judges.reviewers, 'reviewers');
  return {
    rules: { ...judges, keys: reviewerKeys(signers) },
    reviewers: judges.reviewers,
    needed: before ? judges.approvals : countReviewers(signers),
  };
}

function notProposed(): Problem {
  return new Problem('conflict', 'the first reviewers of an account are proposed by the vendor', {
    field: 'reviewers',
    next: 'Have the vendor propose exactly this, then send your signature again.',
  });
}
