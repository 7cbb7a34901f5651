import { Problem } from '../domain/problem.ts';
import type { AllowedSigner } from './allowed-signers.ts';
import { isOver, readSshsig } from './sshsig.ts';

/** What a signature is held against. */
export interface Expectation {
  namespace: string;
  /** The name that must have signed. */
  principal: string;
  signers: readonly AllowedSigner[];
  /** UTC milliseconds at which the signer's key must be valid: now, or when something old was signed. */
  at: number;
}

/**
 * Accepts a signature over `bytes`, and gives the line that it counts by. Throws
 * `signature-malformed` where it is none, otherwise `signature-invalid` with what does not fit.
 */
export function verifySignature(
  text: string,
  bytes: Buffer,
  { namespace, principal, signers, at }: Expectation,
  field = 'signature',
): AllowedSigner {
  const sshsig = readSshsig(text, field);
  if (sshsig.namespace !== namespace) {
    invalid(field, `was made for ${JSON.stringify(sshsig.namespace)}, not for ${namespace}`);
  }
  const own = signers.filter(
    (signer) => signer.principal === principal && signer.key.blob === sshsig.key.blob,
  );
  if (own.length === 0) invalid(field, `is by a key that is not listed for ${principal}`);
  const entitled = own.filter((signer) => signer.namespaces.includes(namespace));
  if (entitled.length === 0) invalid(field, `is by a key that may not sign ${namespace}`);
  const [valid] = entitled.filter((signer) => isValid(signer, at));
  if (!valid) invalid(field, `is by a key that is not valid at ${new Date(at).toISOString()}`);
  if (!isOver(sshsig, bytes)) invalid(field, 'is over other bytes, or damaged');
  return valid;
}

function isValid({ validAfter, validBefore }: AllowedSigner, at: number): boolean {
  return (validAfter ?? at) <= at && at <= (validBefore ?? at);
}

function invalid(field: string, why: string): never {
  throw new Problem('signature-invalid', `${field}: ${why}`, {
    field,
    next: 'Do not use these bytes; ask who sent them, by another way than they came.',
  });
}
