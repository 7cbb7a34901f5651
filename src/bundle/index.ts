export {
  type AllowedSigner,
  formatAllowedSigner,
  parseAllowedSigners,
} from './allowed-signers.ts';
export { createSigningKey, readSigningKey, type SigningKey } from './signing-key.ts';
export { ARTIFACT_NAMESPACE, signBytes } from './sshsig.ts';
export { type Expectation, verifySignature } from './verify-signature.ts';
