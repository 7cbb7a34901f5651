import { STATUS_CODES } from 'node:http';
import { encodeLines } from '../domain/lines.ts';
import type { Problem, ProblemCode } from '../domain/problem.ts';

/** The HTTP status of each kind of refusal. */
const STATUS: Record<ProblemCode, number> = {
  'value-invalid': 400,
  'body-invalid': 400,
  'body-too-large': 413,
  'not-found': 404,
  exists: 409,
  conflict: 409,
  'region-empty': 409,
  'ports-exhausted': 409,
  'token-missing': 401,
  'token-unknown': 401,
  'token-expired': 401,
  'token-other-tunnel': 401,
  'token-spent': 409,
  'source-refused': 403,
  'scope-missing': 403,
  'key-elsewhere': 409,
  'key-removed': 410,
  'key-malformed': 400,
  'key-private': 400,
  'key-weak': 400,
  'slot-full': 409,
  'proof-missing': 400,
  'proof-invalid': 400,
  'signature-malformed': 400,
  'signature-invalid': 400,
  'bundle-invalid': 400,
  'statement-invalid': 400,
  'artifact-waiting': 409,
  'artifact-withdrawn': 410,
  'audit-broken': 400,
  'diff-too-large': 422,
  'slot-broken': 409,
  'host-unknown': 421,
  'login-differs': 409,
  'too-many': 429,
  unavailable: 503,
  internal: 500,
};

const MAX_FIELD = 200;

export function statusOf(problem: Problem): number {
  return STATUS[problem.code];
}

/** A refusal as RFC 9457 problem details; `code`, `field`, `next`, `retry_after` are ours. */
export function problemDetails(problem: Problem, status: number): Record<string, unknown> {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: problem.message,
    code: problem.code,
    field: problem.field?.slice(0, MAX_FIELD),
    next: problem.next,
    retry_after: problem.retryAfter,
  };
}

/** A refusal as lines for shells. What cannot stand in a line, such as a field's odd name, shows as `?`. */
export function problemLines(problem: Problem): string {
  return encodeLines({
    error: problem.code,
    field: printable(problem.field?.slice(0, MAX_FIELD)),
    detail: printable(problem.message),
    next: printable(problem.next),
    retry_after: problem.retryAfter,
  });
}

function printable(text: string | undefined): string | undefined {
  return text?.replace(/[^\x20-\x7e]/g, '?').slice(0, 4096);
}
