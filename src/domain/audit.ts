import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';

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
export const AuditRowSchema = Type.Object(
  {
    /** 1, 2, 3 … without a gap. */
    seq: Type.Integer(),
    /** Canonical JSON of the event; `hash` is over `prev`, a line feed, and this. */
    bytes: Type.String(),
    /** Hash of the row before; for the first, 64 zeros. */
    prev: Type.String(),
    hash: Type.String(),
  },
  { additionalProperties: false },
);

export type AuditRow = Static<typeof AuditRowSchema>;

/** The chain's last row, by its number and its hash; of an empty chain 0 and 64 zeros. */
export type AuditHead = Pick<AuditRow, 'seq' | 'hash'>;

export const AUDIT_START = '0'.repeat(64);

/** Chains an event behind the row that stands at the head. `at` is in milliseconds. */
export function chainEvent(head: AuditHead, at: number, event: AuditEvent): AuditRow {
  const seq = head.seq + 1;
  const bytes = canonicalJson({ v: 2, seq, at, ...event });
  return { seq, bytes, prev: head.hash, hash: linkHash(head.hash, bytes) };
}

/** JSON with its names in order and no white space: one value, one text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** What a row's hash is: SHA-256 over the hash of the row before, a line feed, and the row's bytes. */
export function linkHash(prev: string, bytes: string): string {
  return createHash('sha256').update(prev).update('\n').update(bytes).digest('hex');
}
