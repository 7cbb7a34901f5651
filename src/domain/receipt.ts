import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { canonicalJson } from './audit.ts';
import { Problem } from './problem.ts';

/**
 * What the audit's head was at a time. Kept where its vendor cannot reach it, it later shows whether
 * the audit still has that row.
 */
export const ReceiptSchema = Type.Object(
  {
    /** Number and hash of the row that was the last; of an empty audit 0 and 64 zeros. */
    seq: Type.Integer({ minimum: 0 }),
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** Unix seconds. */
    at: Type.Integer({ minimum: 0 }),
    /** SSHSIG over `receiptBytes`, and the key that made it; left out by a vendor that signs nothing. */
    signature: Type.Optional(Type.String()),
    public_key: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

export type Receipt = Static<typeof ReceiptSchema>;

/** What is signed of a receipt: `{"at":…,"hash":"…","seq":…}`. */
export function receiptBytes({ seq, hash, at }: Pick<Receipt, 'seq' | 'hash' | 'at'>): Buffer {
  return Buffer.from(canonicalJson({ seq, hash, at }));
}

/** Reads a receipt as the API gives it, alone or in the answer to a statement. Throws a `value-invalid` problem that starts with `name`. */
export function parseReceipt(text: string, name: string): Receipt {
  const answer = parseJson(text);
  const given = (answer as { receipt?: unknown } | undefined)?.receipt ?? answer;
  if (Check(ReceiptSchema, given)) return given;
  throw new Problem('value-invalid', `${name}: is not a receipt of the audit`, {
    field: name,
    next: 'Give the whole answer of: culvert audit receipt',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
