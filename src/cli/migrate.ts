import type { Command } from 'commander';
import { readSettings } from '../settings.ts';
import { addExamples } from './examples.ts';
import { openAndMigrate } from './open-store.ts';
import { printResult } from './print.ts';
import { addSettings } from './setting-options.ts';

/** `culvert migrate`: brings the store's tables to the newest form. */
export function addMigrate(program: Command): void {
  const command = program
    .command('migrate')
    .description("bring the store's tables to this version's form")
    .option('--json', 'print the names of the migrations as JSON')
    .action(async (options: { json?: true }) => {
      const { store, applied } = await openAndMigrate(readSettings(['store']).store);
      await store.close();
      printResult({ applied }, options, () =>
        applied.length === 0
          ? 'nothing to do\n'
          : applied.map((name) => `applied ${name}\n`).join(''),
      );
    });
  addSettings(command, ['store']);
  addExamples(command, [
    'culvert migrate',
    'CULVERT_STORE=postgres://culvert@db.example/culvert culvert migrate',
  ]);
}
