import type { ChangePolicy } from './change-policy.ts';
import type { ArtifactStatement, Decision } from './statement.ts';

/** A person's key, and when it may sign. Times are UTC milliseconds; undefined: without that limit. */
export interface ReviewerKey {
  person: string;
  fingerprint: string;
  validAfter: number | undefined;
  validBefore: number | undefined;
}

/** What an account's reviewers agreed on among themselves. */
export interface ReviewRules {
  keys: ReviewerKey[];
  /** How many persons an approval needs. */
  approvals: number;
  policy: ChangePolicy;
}

/** A signature that was verified when it came: by whom, with which key. */
export interface Signer {
  person: string;
  fingerprint: string;
}

export interface SignedStatement {
  statement: ArtifactStatement;
  signers: Signer[];
}

/** How many persons have signed, by keys that are theirs and valid at `now`. Persons count, not keys. */
export function countPersons(signers: Signer[], { keys }: ReviewRules, now: number): number {
  const valid = signers.filter((signer) =>
    keys.some(
      (key) =>
        key.person === signer.person && key.fingerprint === signer.fingerprint && isValid(key, now),
    ),
  );
  return new Set(valid.map(({ person }) => person)).size;
}

/** To approve takes as many as the rules say; to stop something takes one. */
export function personsNeeded(decision: Decision, { approvals }: ReviewRules): number {
  return decision === 'approve' ? approvals : 1;
}

/**
 * What the reviewers decided on an artifact: of the statements that name it and count at `now`, the
 * one with the highest serial. An approval that is over decides nothing, and revives none before it.
 */
export function decisionOn(
  artifact: string,
  statements: SignedStatement[],
  rules: ReviewRules,
  now: number,
): Decision | undefined {
  const last = statements
    .filter(({ statement }) => statement.artifacts.includes(artifact))
    .filter(({ statement, signers }) => {
      return countPersons(signers, rules, now) >= personsNeeded(statement.decision, rules);
    })
    .toSorted((a, b) => b.statement.serial - a.statement.serial)[0];
  if (!last) return undefined;
  const { decision, not_after } = last.statement;
  return decision === 'approve' && not_after * 1000 <= now ? undefined : decision;
}

/** The next moment, UTC milliseconds, at which time alone may change a decision; undefined: never. */
export function nextMoment(
  statements: SignedStatement[],
  { keys }: ReviewRules,
  now: number,
): number | undefined {
  const moments = [
    ...statements.map(({ statement }) => statement.not_after * 1000),
    ...keys.flatMap(({ validAfter, validBefore }) => [validAfter, validBefore]),
  ].filter((moment) => moment !== undefined && moment > now) as number[];
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

function isValid({ validAfter, validBefore }: ReviewerKey, now: number): boolean {
  return (validAfter ?? now) <= now && now <= (validBefore ?? now);
}
