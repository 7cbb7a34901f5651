import { Problem } from '../domain/problem.ts';
import { formatAllowedSigner, parseAllowedSigners } from './allowed-signers.ts';
import type { SigningKey } from './signing-key.ts';
import { ARTIFACT_NAMESPACE } from './sshsig.ts';

/** How a vendor signs. */
export interface Signing {
  /** The key that signs: the newest. */
  key: SigningKey;
  /** The allowed_signers file of this vendor: that key's line first, then those of its other keys. */
  allowedSigners: string;
}

/**
 * Puts together what a vendor signs with. `others` are allowed_signers lines of its keys that do not
 * sign at the moment: earlier ones, whose signatures stay verifiable, and coming ones, so that
 * reviewers know them beforehand. Throws a `value-invalid` problem that starts with `name` where a
 * line is of somebody else, or for something else.
 */
export function createSigning(
  vendor: string,
  key: SigningKey,
  others: { text: string; name: string },
): Signing {
  for (const { principal, namespaces } of parseAllowedSigners(others.text, others.name)) {
    if (principal !== vendor || namespaces.join() !== ARTIFACT_NAMESPACE) {
      throw new Problem('value-invalid', `${others.name}: holds a line that is not the vendor's`, {
        field: others.name,
        next: `Each line must begin with: ${vendor} namespaces="${ARTIFACT_NAMESPACE}"`,
      });
    }
  }
  const own = formatAllowedSigner(vendor, ARTIFACT_NAMESPACE, key.publicKey);
  const lines = others.text.split(/\r?\n/).map((line) => line.trim());
  const rest = lines.filter((line) => line !== '' && !line.includes(key.publicKey.blob));
  return { key, allowedSigners: [own, ...rest.map((line) => `${line}\n`)].join('') };
}
