/** Every kind of refusal that Culvert can give, by its stable code (the wire's `error=`). */
export type ProblemCode =
  | 'value-invalid'
  | 'body-invalid'
  | 'body-too-large'
  | 'not-found'
  | 'exists'
  | 'conflict'
  | 'region-empty'
  | 'ports-exhausted'
  | 'token-missing'
  | 'token-unknown'
  | 'token-expired'
  | 'token-other-tunnel'
  | 'token-spent'
  | 'source-refused'
  | 'scope-missing'
  | 'key-elsewhere'
  | 'key-removed'
  | 'key-malformed'
  | 'key-private'
  | 'key-weak'
  | 'slot-full'
  | 'proof-missing'
  | 'proof-invalid'
  | 'signature-malformed'
  | 'signature-invalid'
  | 'bundle-invalid'
  | 'statement-invalid'
  | 'artifact-waiting'
  | 'artifact-withdrawn'
  | 'audit-broken'
  | 'diff-too-large'
  | 'slot-broken'
  | 'host-unknown'
  | 'login-differs'
  | 'too-many'
  | 'unavailable'
  | 'internal';

export interface ProblemDetails {
  /** The request's field at fault, as the sender wrote its name. */
  field?: string;
  /** What to do next, one plain sentence. */
  next?: string;
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
}

/**
 * A refusal that a person can act on: what is wrong (`message`), where (`field`), the way out (`next`).
 * Mapped to an HTTP status in `server/problem-response.ts` and to an exit code in `cli/exit-code.ts`.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly field: string | undefined;
  readonly next: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, detail: string, details: ProblemDetails = {}) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.field = details.field;
    this.next = details.next;
    this.retryAfter = details.retryAfter;
  }
}
