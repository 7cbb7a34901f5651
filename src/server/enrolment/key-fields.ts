import { Problem } from '../../domain/problem.ts';
import type { KeyType, PublicKey } from '../../domain/public-key.ts';
import type { StoredKey } from '../../store/index.ts';

/** A key that the slot has or had. Throws a problem that names the field. */
export function findKey(
  keys: StoredKey[],
  field: string,
  fingerprint: string | undefined,
): StoredKey {
  const wanted = required(field, fingerprint);
  const key = keys.find((known) => known.fingerprint === wanted);
  if (!key) throw invalid(field, 'is not the fingerprint of a key of this slot');
  return key;
}

/** A stored key as proofs take it. */
export function publicKeyOf({ type, blob, fingerprint }: StoredKey): PublicKey {
  return { type: type as KeyType, blob, fingerprint };
}

/** A field's value. Throws `value-invalid` when it was left out. */
export function required(field: string, value: string | undefined): string {
  if (value === undefined) throw invalid(field, 'is missing');
  return value;
}

/** A refusal that names the field. */
export function invalid(field: string, why: string): Problem {
  return new Problem('value-invalid', `${field}: ${why}`, {
    field,
    next: `Correct ${field} and send the request again.`,
  });
}
