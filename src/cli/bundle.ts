import type { Command } from 'commander';
import { makeBundle } from '../bundle/index.ts';
import { checkInstallerInput, loadCatalogue, renderBundleFiles } from '../render/index.ts';
import { readSettings } from '../settings.ts';
import { addExamples } from './examples.ts';
import { readJsonInput } from './json-input.ts';
import { writeOutput } from './output-file.ts';
import { printResult } from './print.ts';
import { addSettings } from './setting-options.ts';
import { readSigning, SIGNING_SETTINGS } from './signing.ts';
import { formatRecord } from './table.ts';

interface BundleOptions {
  input: string;
  output?: string;
  json?: true;
}

/** `culvert bundle`: what a reviewer reads, from a JSON file, with neither store nor server. */
export function addBundle(program: Command): void {
  const command = program
    .command('bundle')
    .description('write the bundle of a tunnel from a JSON file, without a server')
    .requiredOption('--input <file>', 'JSON file of its values; - reads standard input')
    .option('--output <file>', 'file to write; standard output when left out')
    .option('--json', 'with --output: print the digest as JSON')
    .action(bundleToFile);
  addSettings(command, SIGNING_SETTINGS);
  addExamples(command, [
    'culvert bundle --input tunnel.json --output bundle.tar.gz --signing-key-file signing.pem',
    'culvert bundle --input - < tunnel.json | tar -tzf -',
  ]);
}

async function bundleToFile(options: BundleOptions): Promise<void> {
  const settings = readSettings(SIGNING_SETTINGS, { ...options });
  const input = checkInstallerInput(await readJsonInput(options.input));
  const signing = readSigning(input.vendor.slug, settings);
  const files = renderBundleFiles(loadCatalogue(), input, { signed: signing !== undefined });
  const { gzip, sha256 } = await makeBundle(files, signing);
  const { output } = options;
  if (output === undefined) {
    process.stdout.write(gzip);
    return;
  }
  await writeOutput(output, gzip);
  const result = { output, tar_sha256: sha256, signed_by: signing ? input.vendor.slug : null };
  printResult(result, options, (entries) => formatRecord(entries));
}
