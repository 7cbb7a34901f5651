import type { ReviewerKey } from '../domain/approval.ts';
import { Problem } from '../domain/problem.ts';
import { type AllowedSigner, parseAllowedSigners } from './allowed-signers.ts';
import { armor, dearmor } from './armor.ts';
import { readSshsig } from './sshsig.ts';
import { verifySignature } from './verify-signature.ts';

/** What reviewers sign, and nothing else. */
export const APPROVAL_NAMESPACE = 'culvert-approval-v1';

/**
 * Reads the reviewers of an account: allowed_signers lines for approvals alone, each key of one
 * person only. Throws a `value-invalid` problem that starts with `name`.
 */
export function parseReviewers(text: string, name: string): AllowedSigner[] {
  const signers = parseAllowedSigners(text, name);
  if (signers.length === 0) refuse(name, 'names nobody');
  const owners = new Map<string, string>();
  for (const { principal, namespaces, key } of signers) {
    if (namespaces.join() !== APPROVAL_NAMESPACE) {
      refuse(name, `must say namespaces="${APPROVAL_NAMESPACE}" in each line`);
    }
    const owner = owners.get(key.blob) ?? principal;
    if (owner !== principal) refuse(name, `gives one key to ${owner} and to ${principal}`);
    owners.set(key.blob, principal);
  }
  return signers;
}

/** How many persons the lines name. */
export function countReviewers(signers: readonly AllowedSigner[]): number {
  return new Set(signers.map(({ principal }) => principal)).size;
}

/** The same as the rules know them: by fingerprint. */
export function reviewerKeys(signers: readonly AllowedSigner[]): ReviewerKey[] {
  return signers.map(({ principal, key, validAfter, validBefore }) => {
    return { person: principal, fingerprint: key.fingerprint, validAfter, validBefore };
  });
}

/** A reviewer's signature that was verified. */
export interface VerifiedSignature {
  person: string;
  /** Of the key. */
  fingerprint: string;
  /** In the one spelling that ssh-keygen has for it. */
  signature: string;
}

/**
 * Accepts a reviewer's signature over a statement's text. Throws `signature-malformed`, or
 * `signature-invalid` with what does not fit.
 */
export function verifyReviewer(
  statement: string,
  signature: string,
  reviewers: readonly AllowedSigner[],
  at: number,
): VerifiedSignature {
  const { key } = readSshsig(signature);
  const owner = reviewers.find((reviewer) => reviewer.key.blob === key.blob);
  const principal = owner?.principal ?? 'any reviewer';
  const expected = { namespace: APPROVAL_NAMESPACE, principal, signers: reviewers, at };
  verifySignature(signature, Buffer.from(statement), expected);
  return { person: principal, fingerprint: key.fingerprint, signature: armor(dearmor(signature)) };
}

function refuse(name: string, why: string): never {
  throw new Problem('value-invalid', `${name}: ${why}`, {
    field: name,
    next: `One line a key: NAME namespaces="${APPROVAL_NAMESPACE}" TYPE KEY`,
  });
}
