import { readFile } from 'node:fs/promises';
import { verifyReceipt } from '../../bundle/index.ts';
import { Problem } from '../../domain/problem.ts';
import { parsePublicKey } from '../../domain/public-key.ts';
import { parseReceipt, type Receipt } from '../../domain/receipt.ts';

/** What is known of a receipt's signature. */
export type SignatureState = 'good' | 'unchecked' | 'none';

/** Names of files, as they were typed. */
export interface ReceiptFiles {
  receipt?: string;
  key?: string;
}

/**
 * Reads the receipt, and holds it against the key where one is given; undefined without a receipt.
 * Throws `value-invalid` or a problem of the key for what is neither, and `signature-invalid` or
 * `signature-malformed` when that key did not sign it.
 */
export async function readReceipt({
  receipt: file,
  key,
}: ReceiptFiles): Promise<{ receipt: Receipt; signature: SignatureState } | undefined> {
  if (file === undefined) {
    if (key === undefined) return undefined;
    throw new Problem('value-invalid', '--key: there is no receipt that it could have signed', {
      field: '--key',
      next: 'Add --receipt <file>.',
    });
  }
  const receipt = parseReceipt(await readText(file, '--receipt'), '--receipt');
  if (key === undefined) {
    return { receipt, signature: receipt.signature === undefined ? 'none' : 'unchecked' };
  }
  verifyReceipt(receipt, parseKey(await readText(key, '--key')), '--receipt');
  return { receipt, signature: 'good' };
}

/** The first two words of a .pub file; behind them stands a comment. */
function parseKey(text: string) {
  return parsePublicKey(text.trim().split(/\s+/).slice(0, 2).join(' '), '--key');
}

function readText(file: string, field: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new Problem('value-invalid', `${field}: cannot be read: ${error.message}`, { field });
  });
}
