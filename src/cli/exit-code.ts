import type { ProblemCode } from '../domain/problem.ts';

/** How a command ended, for scripts. docs/cli.md repeats this table. */
export const EXIT = {
  done: 0,
  /** A fault of ours, or something that has no code of its own. */
  failed: 1,
  /** What was typed or set is wrong. */
  usage: 2,
  /** Something that Culvert needs is not there: a program, a port, a migration, the control plane. */
  unavailable: 3,
  notFound: 4,
  /** It clashes with what is there already. */
  conflict: 5,
  /** Not allowed: no token, or one without the right. */
  refused: 6,
  /** What was to be verified is changed, unsigned, or by somebody else. */
  unverified: 7,
  /** What was checked does not work. */
  broken: 8,
} as const;

const EXIT_CODE: Record<ProblemCode, number> = {
  'value-invalid': EXIT.usage,
  'body-invalid': EXIT.usage,
  'body-too-large': EXIT.usage,
  'not-found': EXIT.notFound,
  exists: EXIT.conflict,
  conflict: EXIT.conflict,
  'region-empty': EXIT.conflict,
  'ports-exhausted': EXIT.conflict,
  'token-missing': EXIT.refused,
  'token-unknown': EXIT.refused,
  'token-expired': EXIT.refused,
  'token-other-tunnel': EXIT.refused,
  'token-spent': EXIT.refused,
  'source-refused': EXIT.refused,
  'scope-missing': EXIT.refused,
  'key-elsewhere': EXIT.conflict,
  'key-removed': EXIT.conflict,
  'key-malformed': EXIT.usage,
  'key-private': EXIT.usage,
  'key-weak': EXIT.usage,
  'slot-full': EXIT.conflict,
  'proof-missing': EXIT.usage,
  'proof-invalid': EXIT.usage,
  'signature-malformed': EXIT.unverified,
  'signature-invalid': EXIT.unverified,
  'bundle-invalid': EXIT.unverified,
  'statement-invalid': EXIT.unverified,
  'artifact-waiting': EXIT.refused,
  'artifact-withdrawn': EXIT.notFound,
  'audit-broken': EXIT.unverified,
  'diff-too-large': EXIT.usage,
  'slot-broken': EXIT.broken,
  'host-unknown': EXIT.usage,
  'login-differs': EXIT.conflict,
  'too-many': EXIT.unavailable,
  unavailable: EXIT.unavailable,
  internal: EXIT.failed,
};

/** Whether `text` is a code of ours: a control plane of another version may know others. */
export function isProblemCode(text: unknown): text is ProblemCode {
  return typeof text === 'string' && Object.hasOwn(EXIT_CODE, text);
}

/** The exit code of a refusal. */
export function exitCode(code: ProblemCode): number {
  return EXIT_CODE[code];
}
