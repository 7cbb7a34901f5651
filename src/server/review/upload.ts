import { Problem } from '../../domain/problem.ts';

/** A statement and a signature under it, on its way into the store. */
export interface Upload {
  /** As it is signed. */
  text: string;
  digest: string;
  signature: string;
  tunnel: { id: string; region_id: string; account_id: string };
  /** The caller's address. */
  from: string;
}

/** What became of an upload. */
export interface Accepted {
  /** `counts` once enough persons have signed. */
  result: 'counts' | 'pending';
  /** How many have, and how many must. */
  persons: number;
  needed: number;
}

/** `statement-invalid` for a statement that is about something else. */
export function elsewhere(field: string): Problem {
  return new Problem('statement-invalid', `statement: is for another ${field}`, {
    field,
    next: 'Send it to the address that the text to sign came from.',
  });
}
