import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { diffInChildProcess, readableDiff, unifiedDiff } from '../bundle/index.ts';
import { Problem } from '../domain/problem.ts';
import { addExamples } from './examples.ts';
import { printResult } from './print.ts';

/** `culvert diff`: what a new installer changes, its values apart from its code. */
export function addDiff(program: Command): void {
  const command = program
    .command('diff <before> <after>')
    .description('show what changed between two installers, values apart from code')
    .option('--unified', 'print the unified form, as diff -u gives it and patch takes it')
    .option('--json', 'print the changes as JSON')
    .action(async (before: string, after: string, options: { unified?: true; json?: true }) => {
      const diff = await diffInChildProcess(
        await readBytes('before', before),
        await readBytes('after', after),
      );
      const { sections, changes } = diff;
      printResult({ sections, changes }, options, () =>
        options.unified ? unifiedDiff(diff, { before, after }) : readableDiff(diff),
      );
    });
  addExamples(command, [
    'culvert diff approved.sh install.sh',
    'culvert diff --unified approved.sh install.sh | less',
  ]);
}

function readBytes(field: string, file: string): Promise<Buffer> {
  return readFile(file).catch((error: Error) => {
    throw new Problem('value-invalid', `${field}: cannot be read: ${error.message}`, { field });
  });
}
