import { readFile, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  type AllowedSigner,
  ARTIFACT_NAMESPACE,
  type Expectation,
  parseAllowedSigners,
  verifyBundle,
  verifySignature,
} from '../bundle/index.ts';
import { Problem } from '../domain/problem.ts';
import { opensshFingerprint } from '../domain/public-key.ts';
import { addExamples } from './examples.ts';
import { readMoment } from './option-values.ts';
import { printResult } from './print.ts';
import { formatRecord } from './table.ts';

interface VerifyOptions {
  allowedSigners: string;
  signer: string;
  signature?: string;
  at?: number;
  json?: true;
}

/** Many times what a bundle or an installer is. */
const MAX_BYTES = 8 * 1024 * 1024;
/** RFC 1952, section 2.3.1. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** `culvert verify`: whether a bundle, or an installer with its signature, is what the vendor signed. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify <file>')
    .description('check a bundle, or an installer with its .sig, against a key that you trust')
    .requiredOption(
      '--allowed-signers <file>',
      "the vendor's keys, from another source than the file to check",
    )
    .requiredOption('--signer <name>', "the name that must have signed: the vendor's short name")
    .option('--signature <file>', 'of an installer; its own name and .sig when left out')
    .option(
      '--at <day>',
      'day on which it was signed, such as 2026-01-31; now when left out',
      readMoment,
    )
    .option('--json', 'print who signed as JSON')
    .action(verify);
  addExamples(command, [
    'culvert verify bundle.tar.gz --allowed-signers allowed_signers --signer acme',
    'culvert verify install.sh --allowed-signers allowed_signers --signer acme --at 2026-01-31',
  ]);
}

async function verify(file: string, options: VerifyOptions): Promise<void> {
  const signers = await read(options.allowedSigners, '--allowed-signers');
  const expected: Expectation = {
    namespace: ARTIFACT_NAMESPACE,
    principal: options.signer,
    signers: parseAllowedSigners(signers.toString(), '--allowed-signers'),
    at: options.at ?? Date.now(),
  };
  const bytes = await read(file, 'file');
  const isBundle = bytes.subarray(0, GZIP.length).equals(GZIP);
  const { signer, files } = isBundle
    ? await verifyBundle(bytes, expected)
    : { signer: await verifyDetached(file, bytes, options, expected), files: undefined };
  const result = {
    verified: file,
    signer: signer.principal,
    key: opensshFingerprint(signer.key.fingerprint),
    ...(files && { files: files.length }),
  };
  printResult(result, options, (entries) => formatRecord(entries));
}

async function verifyDetached(
  file: string,
  bytes: Buffer,
  { signature = `${file}.sig` }: VerifyOptions,
  expected: Expectation,
): Promise<AllowedSigner> {
  const text = await read(signature, '--signature');
  return verifySignature(text.toString('latin1'), bytes, expected);
}

async function read(file: string, field: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_BYTES) return await readFile(file);
  } catch (error) {
    const why = (error as Error).message;
    throw new Problem('value-invalid', `${field}: cannot be read: ${why}`, { field });
  }
  throw new Problem('value-invalid', `${field}: ${file} is larger than any that Culvert makes`, {
    field,
  });
}
