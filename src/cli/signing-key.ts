import type { Command } from 'commander';
import { ARTIFACT_NAMESPACE, createSigningKey, formatAllowedSigner } from '../bundle/index.ts';
import { readSettings } from '../settings.ts';
import { addExamples } from './examples.ts';
import { writeOutput } from './output-file.ts';
import { printResult } from './print.ts';
import { addSettings } from './setting-options.ts';

interface CreateOptions {
  output: string;
  json?: true;
}

/** `culvert signing-key`: what the vendor signs artifacts with. */
export function addSigningKey(program: Command): void {
  const signingKey = program
    .command('signing-key')
    .description('keys that the vendor signs artifacts with; they are in no store');
  const command = signingKey
    .command('create')
    .description('make a signing key, and print the line by which reviewers know it')
    .requiredOption(
      '--output <file>',
      'new file for the private key, which its owner alone can read',
    )
    .option('--json', 'print the line as JSON')
    .action(create);
  addSettings(command, ['vendor']);
  addExamples(command, ['culvert signing-key create --vendor acme --output signing.pem']);
}

async function create(options: CreateOptions): Promise<void> {
  const { vendor } = readSettings(['vendor'], { ...options });
  const { pem, key } = createSigningKey();
  // Never over a key that is there: what it signed could not be told from a forgery any more.
  await writeOutput(options.output, pem, { mode: 0o600, flag: 'wx' });
  const line = formatAllowedSigner(vendor, ARTIFACT_NAMESPACE, key.publicKey);
  const result = { output: options.output, allowed_signer: line.trimEnd() };
  printResult(result, options, () => line);
}
