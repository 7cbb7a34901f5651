import type { Command } from 'commander';
import type { Receipt } from '../../domain/receipt.ts';
import { CLIENT_SETTINGS, clientOf } from '../api-client.ts';
import { addExamples } from '../examples.ts';
import { addSettings } from '../setting-options.ts';

/** `culvert audit receipt`: the audit's head as it is now, to be kept elsewhere. */
export function addReceipt(audit: Command): void {
  const command = audit
    .command('receipt')
    .description('print the newest row’s number and hash, signed where the vendor has a key')
    .action(async (options: Record<string, unknown>) => {
      const receipt = await clientOf(options).get<Receipt>('/v1/audit/head');
      process.stdout.write(`${JSON.stringify(receipt)}\n`);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert audit receipt > receipt.json']);
}
