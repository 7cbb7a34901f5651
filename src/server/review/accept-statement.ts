import { splitSignedStatement } from '../../bundle/index.ts';
import { Problem } from '../../domain/problem.ts';
import type { Receipt } from '../../domain/receipt.ts';
import { parseStatement, statementDigest } from '../../domain/statement.ts';
import { getAccount } from '../../store/index.ts';
import { auditReceipt } from '../audit-receipt.ts';
import { findTunnel } from '../find-tunnel.ts';
import type { Services } from '../services.ts';
import { acceptDecision } from './accept-decision.ts';
import { acceptReviewers } from './accept-reviewers.ts';

/** A statement and a signature under it, on its way into the store. */
export interface Upload {
  /** As it is signed. */
  text: string;
  digest: string;
  signature: string;
  tunnel: { id: string; region_id: string; account_id: string };
  /** The caller's address. */
  from: string;
}

/** What became of an upload. */
export interface Accepted {
  /** `counts` once enough persons have signed. */
  result: 'counts' | 'pending';
  /** How many have, and how many must. */
  persons: number;
  needed: number;
}

export type AcceptedAnswer = Accepted & { serial: number; statement: string; receipt: Receipt };

/**
 * Takes a statement with one signature under it; the signature alone says that it may. Sent again it
 * gives the same answer. Throws `statement-invalid`, `signature-malformed`, `signature-invalid`,
 * `conflict` for a place that is taken, `not-found`.
 */
export async function acceptStatement(
  services: Services,
  tunnelId: string,
  body: string,
  from: string,
): Promise<AcceptedAnswer> {
  const { store, settings } = services;
  const tunnel = await findTunnel(store.db, tunnelId);
  const account = await getAccount(store.db, tunnel.account_id);
  const { text, signature } = splitSignedStatement(body);
  const statement = parseStatement(text);
  const digest = statementDigest(text);
  if (statement.vendor !== settings.vendor.slug) throw elsewhere('vendor');
  if (statement.account !== account?.slug) throw elsewhere('account');
  const upload: Upload = { text, digest, signature, tunnel, from };
  const accepted =
    statement.decision === 'reviewers'
      ? await acceptReviewers(services, upload, statement)
      : await acceptDecision(services, upload, statement);
  const { serial } = statement;
  return { ...accepted, serial, statement: digest, receipt: await auditReceipt(services) };
}

/** `statement-invalid` for a statement that is about something else. */
export function elsewhere(field: string): Problem {
  return new Problem('statement-invalid', `statement: is for another ${field}`, {
    field,
    next: 'Send it to the address that the text to sign came from.',
  });
}
