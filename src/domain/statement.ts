import { hash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { canonicalJson } from './audit.ts';
import { ChangePolicySchema } from './change-policy.ts';
import { Problem } from './problem.ts';

/** What reviewers decide on artifacts. */
export const DECISIONS = ['approve', 'refuse', 'withdraw'] as const;
export type Decision = (typeof DECISIONS)[number];

/** How long an approval counts where nobody says: a vendor that was taken over can hide a withdrawal no longer. */
export const DEFAULT_APPROVAL_DAYS = 30;

/** The most days for which a statement may count, beside the day on which it is handed in. */
export const MAX_APPROVAL_DAYS = 400;

const DAY_MS = 86_400_000;
const exact = { additionalProperties: false };
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const common = {
  v: Type.Literal(1),
  /** Slugs. */
  vendor: Type.String({ maxLength: 31 }),
  account: Type.String({ maxLength: 31 }),
  /** 1, 2, 3 … of one tunnel; of an account's reviewers likewise. A serial counts once. */
  serial: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
  /** Digest of the statement before; null for the first. */
  previous: Type.Union([Digest, Type.Null()]),
};

/** A decision on installers of one tunnel. */
export const ArtifactStatementSchema = Type.Object(
  {
    ...common,
    decision: Type.Enum([...DECISIONS]),
    tunnel: Type.String({ maxLength: 40 }),
    /** SHA-256 of each, sorted. */
    artifacts: Type.Array(Digest, { minItems: 1, maxItems: 16 }),
    /** Unix seconds: from then on it counts for nothing. */
    not_after: Type.Integer({ minimum: 1, maximum: 99_999_999_999 }),
  },
  exact,
);

/** Who reviews for an account, how many must agree, and what waits for them. */
export const ReviewersStatementSchema = Type.Object(
  {
    ...common,
    decision: Type.Literal('reviewers'),
    /** Lines of an allowed_signers file: each person's keys. */
    reviewers: Type.String({ minLength: 1, maxLength: 65_536 }),
    /** How many persons must sign an approval, or a change of all this. */
    approvals: Type.Integer({ minimum: 1, maximum: 99 }),
    policy: ChangePolicySchema,
  },
  exact,
);

export type ArtifactStatement = Static<typeof ArtifactStatementSchema>;
export type ReviewersStatement = Static<typeof ReviewersStatementSchema>;
/** A reviewer's decision, in the form in which it is signed. */
export type Statement = ArtifactStatement | ReviewersStatement;

const artifactShape = Compile(ArtifactStatementSchema);
const reviewersShape = Compile(ReviewersStatementSchema);

/** The bytes that are signed: one line of canonical JSON and a line feed. */
export function formatStatement(statement: Statement): string {
  return `${canonicalJson(statement)}\n`;
}

/**
 * When a decision made at `now`, UTC milliseconds, ends: `days` behind the end of that day. All who
 * ask on one day, UTC, get the same, and so sign the same text. Unix seconds.
 */
export function endOfDecision(now: number, days: number): number {
  return ((Math.floor(now / DAY_MS) + 1 + days) * DAY_MS) / 1000;
}

/** What `previous` of the next statement says: SHA-256 of the text, 64 hex digits. */
export function statementDigest(text: string): string {
  return hash('sha256', text);
}

/**
 * Reads a statement. One statement has one text: with other white space, order or a name twice it is
 * refused, so that no two readers can understand it in two ways. Throws `statement-invalid`.
 */
export function parseStatement(text: string): Statement {
  const given = parseJson(text);
  if (!(artifactShape.Check(given) || reviewersShape.Check(given))) {
    throw invalid('has not the fields of a statement');
  }
  if (formatStatement(given) !== text) throw invalid('was changed after Culvert wrote it');
  if (given.decision !== 'reviewers' && !isSortedAndDistinct(given.artifacts)) {
    throw invalid('must name each artifact once, in order');
  }
  return given;
}

function isSortedAndDistinct(texts: string[]): boolean {
  return texts.every((text, index) => index === 0 || text > (texts[index - 1] as string));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('is not JSON');
  }
}

function invalid(why: string): Problem {
  return new Problem('statement-invalid', `statement: ${why}`, {
    field: 'statement',
    next: 'Sign the text as it was given, byte for byte, and send that very file.',
  });
}
