import type { Transaction } from 'kysely';
import type { VerifiedSignature } from '../../bundle/index.ts';
import type { Signer } from '../../domain/approval.ts';
import type { Statement } from '../../domain/statement.ts';
import {
  addSignature,
  findStatement,
  insertStatement,
  letStatementCount,
  type Tables,
} from '../../store/index.ts';
import { checkPlace, nextPlace } from './next-place.ts';

interface Signed {
  statement: Statement;
  text: string;
  digest: string;
  /** Id of the tunnel or the account. */
  about: string;
  tunnel: { account_id: string };
}

/** What a signature changed. */
interface Added {
  isNew: boolean;
  counts: boolean;
  persons: number;
}

/**
 * Adds a verified signature to its statement, and lets the statement count once `needed` persons
 * have signed. One that counts already takes further signatures; any other must stand at the next
 * place. Throws `conflict` where it does not.
 */
export async function addSigned(
  trx: Transaction<Tables>,
  { statement, text, digest, about, tunnel }: Signed,
  signature: VerifiedSignature,
  count: (signers: Signer[]) => number,
  needed: number,
  now: number,
): Promise<Added> {
  const { serial } = statement;
  const row = { digest, account_id: tunnel.account_id, about, serial, text };
  const known = await findStatement(trx, digest);
  if (!known?.counts) {
    checkPlace(statement, await nextPlace(trx, about));
    await insertStatement(trx, row, now);
  }
  const isNew = await addSignature(trx, digest, signature, now);
  const signers = isNew ? [...(known?.signatures ?? []), signature] : (known?.signatures ?? []);
  const persons = count(signers);
  const counts = known?.counts === true || persons >= needed;
  if (counts && !known?.counts) await letStatementCount(trx, row);
  return { isNew, counts, persons };
}
