import { formatSignedStatement } from '../../../src/bundle/index.ts';
import { APPROVAL, type Reviewer } from '../../server/support/reviewers.ts';
import { signByStock } from '../../support/stock-signatures.ts';

/** The line by which a host knows a reviewer, with these options in place of the usual ones. */
export function lineWith({ name, key }: Reviewer, options: string): string {
  return `${name} ${options} ${key.publicKey}\n`;
}

/** A text with the signature of each of these; the real ssh-keygen makes them. */
export function signedBy(text: string, ...reviewers: Reviewer[]): string {
  return formatSignedStatement(
    text,
    reviewers.map(({ key }) => signByStock(key, APPROVAL, text)),
  );
}
