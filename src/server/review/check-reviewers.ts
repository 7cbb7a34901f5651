import { countReviewers, parseReviewers } from '../../bundle/index.ts';
import { Problem } from '../../domain/problem.ts';
import type { ReviewersStatement } from '../../domain/statement.ts';
import type { ServerSettings } from '../settings.ts';

/**
 * Checks what an account's reviewers are to be: each line, that enough persons are there to agree,
 * and that no key of the vendor's is among theirs. Throws a `value-invalid` problem.
 */
export function checkReviewers(
  { signing }: Pick<ServerSettings, 'signing'>,
  { reviewers, approvals }: Pick<ReviewersStatement, 'reviewers' | 'approvals'>,
): void {
  const signers = parseReviewers(reviewers, 'reviewers');
  const persons = countReviewers(signers);
  if (approvals > persons) {
    throw invalid('approvals', `of ${persons} at most ${persons} can agree`);
  }
  const vendors = signers.find(({ key }) => signing?.allowedSigners.includes(key.blob));
  if (vendors) throw invalid('reviewers', `the key of ${vendors.principal} signs for the vendor`);
}

function invalid(field: string, why: string): Problem {
  return new Problem('value-invalid', `${field}: ${why}`, {
    field,
    next: `Correct ${field} and try again.`,
  });
}
