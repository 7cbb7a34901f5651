import { createHash } from 'node:crypto';

/** Who did what to what, from where: one link of the audit chain before it is chained. */
export interface AuditEvent {
  /** Dotted and in the past tense, for example `tunnel.created` or `key.enrolled`. */
  action: string;
  /** `api:<token id>`, `token:<enrolment token id>`, `key:<fingerprint>`, `agent:<server id>`, `system`. */
  actor: string;
  /** Id of the thing that changed. */
  subject: string;
  /** The caller's address, or an empty string for a change made on the machine itself. */
  from: string;
  /**
   * The values that were in force, and those that are now; left out where there were, or are, none.
   * Never a secret. Times are UTC milliseconds.
   */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  /** What else is worth knowing and is no part of the change. */
  data?: Record<string, unknown>;
}

/** The parts of an event that say what changed. */
export type AuditValues = Pick<AuditEvent, 'before' | 'after' | 'data'>;

/** A link of the chain as it is stored: the exact bytes that were hashed are kept. */
export interface AuditRow {
  /** 1, 2, 3 … without a gap. */
  seq: number;
  bytes: string;
  /** Hash of the row before; for the first, 64 zeros. */
  prev: string;
  hash: string;
}

export const AUDIT_START = '0'.repeat(64);

/** Chains an event behind the row that stands at the head. `at` is in milliseconds. */
export function chainEvent(
  head: { seq: number; hash: string },
  at: number,
  event: AuditEvent,
): AuditRow {
  const seq = head.seq + 1;
  const bytes = canonicalJson({ v: 2, seq, at, ...event });
  return { seq, bytes, prev: head.hash, hash: linkHash(head.hash, bytes) };
}

/** The first broken link of a chain read in order from its start, or undefined when it is whole. */
export function findBrokenLink(
  rows: Iterable<AuditRow>,
): { seq: number; reason: string } | undefined {
  let head = { seq: 0, hash: AUDIT_START };
  for (const row of rows) {
    const seq = head.seq + 1;
    if (row.seq !== seq) return { seq, reason: `row ${seq} is missing` };
    if (row.prev !== head.hash) return { seq, reason: 'does not follow the row before it' };
    if (row.hash !== linkHash(row.prev, row.bytes)) return { seq, reason: 'was changed' };
    if (seqOf(row.bytes) !== seq) return { seq, reason: 'holds another row' };
    head = row;
  }
  return undefined;
}

/** JSON with its names in order and no white space: one value, one text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The number that a row's own bytes state, or undefined when they are no row's. */
function seqOf(bytes: string): unknown {
  try {
    return JSON.parse(bytes)?.seq;
  } catch {
    return undefined;
  }
}

function linkHash(prev: string, bytes: string): string {
  return createHash('sha256').update(prev).update('\n').update(bytes).digest('hex');
}
