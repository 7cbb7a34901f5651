import { hash } from 'node:crypto';
import type { KeyPair } from '../../domain/ssh-keygen.ts';
import { SAMPLE } from '../../support/sample-input.ts';
import { signByStock } from '../../support/stock-signatures.ts';

const NAMESPACE = 'culvert-approval-v1';

/** A reviewer's line of a pin; `more` is set behind the namespaces. */
export function reviewerLine(person: string, { line }: KeyPair, more = ''): string {
  const [type, blob] = line.split(' ');
  return `${person} namespaces="${NAMESPACE}"${more} ${type} ${blob}\n`;
}

/** What a statement says, where it is not the usual. */
export interface StatementCase {
  digest: string;
  serial: number;
  decision?: 'approve' | 'refuse' | 'withdraw';
  notAfter?: number;
  tunnel?: string;
  vendor?: string;
  otherDigests?: string[];
}

/** Its text, as it is signed. */
export function statementText(given: StatementCase): string {
  const { digest, serial, decision = 'approve', tunnel = SAMPLE.tunnel.id } = given;
  return `${JSON.stringify({
    account: SAMPLE.account.slug,
    artifacts: [digest, ...(given.otherDigests ?? [])].sort(),
    decision,
    not_after: given.notAfter ?? Math.floor(Date.now() / 1000) + 3600,
    previous: serial === 1 ? null : hash('sha256', String(serial)),
    serial,
    tunnel,
    v: 1,
    vendor: given.vendor ?? SAMPLE.vendor.slug,
  })}\n`;
}

/** A text with a signature by each of the keys. */
export function signed(text: string, keys: readonly KeyPair[], namespace = NAMESPACE): string {
  return text + keys.map((key) => signByStock(key, namespace, text)).join('');
}
