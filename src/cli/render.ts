import { type Command, Option } from 'commander';
import {
  type Artifact,
  loadCatalogue,
  PLATFORMS,
  type Platform,
  renderInstaller,
} from '../render/index.ts';
import { addExamples } from './examples.ts';
import { readJsonInput } from './json-input.ts';
import { writeOutput } from './output-file.ts';
import { printResult } from './print.ts';
import { formatRecord } from './table.ts';

interface RenderOptions {
  template: Platform;
  input: string;
  output?: string;
  json?: true;
}

/** `culvert render`: an installer from a JSON file, with neither store nor server. */
export function addRender(program: Command): void {
  const command = program
    .command('render')
    .description('write an installer from a JSON file, without a server')
    .addOption(
      new Option('--template <name>', 'kind of installer').choices(PLATFORMS).makeOptionMandatory(),
    )
    .requiredOption('--input <file>', 'JSON file of its values; - reads standard input')
    .option('--output <file>', 'file to write; standard output when left out')
    .option('--json', 'with --output: print the digests as JSON')
    .action(renderToFile);
  addExamples(command, [
    'culvert render --template linux --input tunnel.json --output install.sh',
    'culvert render --template linux --input - < tunnel.json | less',
    'culvert render --template windows --input tunnel.json --output install.ps1',
  ]);
}

async function renderToFile(options: RenderOptions): Promise<void> {
  const input = await readJsonInput(options.input);
  const artifact = renderInstaller(loadCatalogue(), options.template, input);
  const { output } = options;
  if (output === undefined) {
    process.stdout.write(artifact.bytes);
    return;
  }
  await writeOutput(output, artifact.bytes);
  printResult(summary(artifact, output), options, (entries) => formatRecord(entries));
}

function summary({ sha256, render, template }: Artifact, output: string) {
  return { output, sha256, template: `${template.name} ${template.version}`, render };
}
