import { AUDIT_START, type AuditHead, type AuditRow, linkHash } from './audit.ts';

/** Where a chain stops being what was written. */
export interface BrokenLink {
  seq: number;
  /** Goes on behind `row <seq>`. */
  reason: string;
}

export interface CheckedChain {
  /** The last row up to which all is well. */
  head: AuditHead;
  /** Undefined when the chain is whole. */
  broken: BrokenLink | undefined;
}

/**
 * Reads a chain in order from its start, up to its first broken link. A chain shows by itself that a
 * row was changed, dropped, moved or forged. That its end was cut off, or that it was written anew
 * from some row on, only a receipt can show: the head as it was at an earlier time.
 */
export async function checkChain(
  rows: Iterable<AuditRow> | AsyncIterable<AuditRow>,
  receipt?: AuditHead,
): Promise<CheckedChain> {
  let head: AuditHead = { seq: 0, hash: AUDIT_START };
  for await (const row of rows) {
    const reason = faultOf(head, row) ?? contradictionOf(row, receipt);
    if (reason !== undefined) return { head, broken: { seq: head.seq + 1, reason } };
    head = { seq: row.seq, hash: row.hash };
  }
  if (receipt === undefined || receipt.seq <= head.seq) return { head, broken: undefined };
  const reason = `is missing: the end was cut off, for the receipt names row ${receipt.seq}`;
  return { head, broken: { seq: head.seq + 1, reason } };
}

function faultOf(head: AuditHead, row: AuditRow): string | undefined {
  const seq = head.seq + 1;
  if (row.seq !== seq) return `is missing or out of place: row ${row.seq} stands there`;
  if (row.prev !== head.hash) {
    return seq === 1
      ? 'does not begin the chain'
      : `does not follow row ${head.seq}: one of the two was forged`;
  }
  if (row.hash !== linkHash(row.prev, row.bytes)) return 'was changed';
  if (seqOf(row.bytes) !== seq) return 'holds another row';
  return undefined;
}

function contradictionOf(row: AuditRow, receipt: AuditHead | undefined): string | undefined {
  if (row.seq !== receipt?.seq || row.hash === receipt.hash) return undefined;
  return 'is not the row that the receipt names: this chain was written anew';
}

/** The number that a row's own bytes state, or undefined when they are no row's. */
function seqOf(bytes: string): unknown {
  try {
    return JSON.parse(bytes)?.seq;
  } catch {
    return undefined;
  }
}
