import type { Kysely } from 'kysely';
import { parseReviewers, reviewerKeys } from '../../bundle/index.ts';
import type { ReviewRules, SignedStatement } from '../../domain/approval.ts';
import {
  type ArtifactStatement,
  parseStatement,
  type ReviewersStatement,
} from '../../domain/statement.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { lastStatement, listStatements, type Tables } from '../../store/index.ts';

/** What the reviewers of a tunnel's account agreed on, and said of this tunnel. */
export interface Review {
  rules: ReviewRules;
  /** The text of their lines, as allowed_signers has it. */
  reviewers: string;
  statements: SignedStatement[];
}

/** The review of a tunnel; undefined where its account has no reviewers. */
export async function findReview(
  db: Kysely<Tables>,
  tunnel: Pick<Tunnel, 'id' | 'account_id'>,
): Promise<Review | undefined> {
  const current = await lastStatement(db, tunnel.account_id);
  if (!current) return undefined;
  const { reviewers, approvals, policy } = parseStatement(current.text) as ReviewersStatement;
  const keys = reviewerKeys(parseReviewers(reviewers, 'reviewers'));
  const stored = await listStatements(db, tunnel.id);
  return {
    rules: { keys, approvals, policy },
    reviewers,
    statements: stored.map(({ text, signatures }) => {
      return { statement: parseStatement(text) as ArtifactStatement, signers: signatures };
    }),
  };
}
