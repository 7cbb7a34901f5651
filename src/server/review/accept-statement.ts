import { splitSignedStatement } from '../../bundle/index.ts';
import type { Receipt } from '../../domain/receipt.ts';
import { parseStatement, statementDigest } from '../../domain/statement.ts';
import { getAccount } from '../../store/index.ts';
import { auditReceipt } from '../audit-receipt.ts';
import { findTunnel } from '../find-tunnel.ts';
import type { Services } from '../services.ts';
import { acceptDecision } from './accept-decision.ts';
import { acceptReviewers } from './accept-reviewers.ts';
import { type Accepted, elsewhere, type Upload } from './upload.ts';

/** What the reviewer is told, with a receipt of the audit. */
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
