export {
  type AllowedSigner,
  formatAllowedSigner,
  parseAllowedSigners,
} from './allowed-signers.ts';
export { type Bundle, makeBundle } from './bundle.ts';
export { type Comparable, type Compare, createDiffCache } from './diff/diff-cache.ts';
export { diffInChildProcess } from './diff/diff-in-child-process.ts';
export type { Change, Diff, DiffLine } from './diff/diff-texts.ts';
export {
  changesIn,
  type DiffNames,
  readableDiff,
  SECTION_TITLES,
  summaryOf,
  titleOf,
  unifiedDiff,
} from './diff/format-diff.ts';
export type { Section } from './diff/section.ts';
export { visible } from './diff/visible.ts';
export { AUDIT_NAMESPACE, signReceipt, verifyReceipt } from './receipt.ts';
export {
  APPROVAL_NAMESPACE,
  countReviewers,
  parseReviewers,
  reviewerKeys,
  type VerifiedSignature,
  verifyReviewer,
} from './reviewers.ts';
export { formatSignedStatement, splitSignedStatement } from './signed-statement.ts';
export { createSigning, type Signing } from './signing.ts';
export { createSigningKey, readSigningKey, type SigningKey } from './signing-key.ts';
export { ARTIFACT_NAMESPACE, signBytes } from './sshsig.ts';
export { unpackTar } from './tar.ts';
export { readBundle, type VerifiedBundle, verifyBundle } from './verify-bundle.ts';
export { type Expectation, verifySignature } from './verify-signature.ts';
