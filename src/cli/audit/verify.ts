import type { Command } from 'commander';
import { checkChain } from '../../domain/check-chain.ts';
import { Problem } from '../../domain/problem.ts';
import { addExamples } from '../examples.ts';
import { printResult } from '../print.ts';
import { formatTime } from '../table.ts';
import { readExport } from './read-export.ts';
import { type ReceiptFiles, readReceipt, type SignatureState } from './read-receipt.ts';

/** What was found to be in order. */
interface Verified {
  rows: number;
  /** Of the last row. */
  hash: string;
  /** Null: no receipt was given, so nobody can tell whether the end was cut off. `at`: Unix seconds. */
  receipt: { seq: number; at: number; signature: SignatureState } | null;
}

/** `culvert audit verify`: whether an export is whole, with neither store nor server. */
export function addVerify(audit: Command): void {
  const command = audit
    .command('verify <file>')
    .description('check an export without a server, and name its first broken link')
    .option('--receipt <file>', 'one kept elsewhere: finds a cut end, and a chain made anew')
    .option('--key <file>', "the vendor's .pub file: checks the signature of the receipt")
    .option('--json', 'print what was found as JSON')
    .action(async (file: string, options: ReceiptFiles & { json?: true }) => {
      printResult(await verify(file, options), options, format);
    });
  addExamples(command, [
    'culvert audit verify audit.jsonl',
    'culvert audit verify audit.jsonl --receipt receipt.json --key vendor.pub',
  ]);
}

async function verify(file: string, files: ReceiptFiles): Promise<Verified> {
  const evidence = await readReceipt(files);
  const { head, broken } = await checkChain(readExport(file), evidence?.receipt);
  if (broken) {
    throw new Problem('audit-broken', `row ${broken.seq} ${broken.reason}`, {
      field: 'file',
      next: 'Compare it with an earlier export, and ask who could write to the store.',
    });
  }
  const rows = { rows: head.seq, hash: head.hash };
  if (!evidence) return { ...rows, receipt: null };
  const { receipt, signature } = evidence;
  return { ...rows, receipt: { seq: receipt.seq, at: receipt.at, signature } };
}

const SIGNATURE: Record<SignatureState, string> = {
  good: 'It is signed by that key.',
  unchecked: 'Its signature was not checked: add --key <file>.',
  none: 'It is not signed.',
};

function format({ rows, hash, receipt }: Verified): string {
  const chain = `${rows} rows, none changed, dropped, moved or forged. Last hash: ${hash}\n`;
  if (!receipt) {
    return `${chain}No receipt: whether the end was cut off, or all written anew, cannot be told.\n`;
  }
  const { seq, at, signature } = receipt;
  const agrees = `They agree with the receipt of ${formatTime(at)}, which names row ${seq}.`;
  return `${chain}${agrees} ${SIGNATURE[signature]}\n`;
}
