export {
  type AllowedSigner,
  formatAllowedSigner,
  parseAllowedSigners,
} from './allowed-signers.ts';
export { type Bundle, makeBundle } from './bundle.ts';
export { AUDIT_NAMESPACE, signReceipt, verifyReceipt } from './receipt.ts';
export { createSigning, type Signing } from './signing.ts';
export { createSigningKey, readSigningKey, type SigningKey } from './signing-key.ts';
export { ARTIFACT_NAMESPACE, signBytes } from './sshsig.ts';
export { type VerifiedBundle, verifyBundle } from './verify-bundle.ts';
export { type Expectation, verifySignature } from './verify-signature.ts';
