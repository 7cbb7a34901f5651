import type { Command } from 'commander';
import { Problem } from '../domain/problem.ts';
import type { SlotCheck } from '../domain/slot-check.ts';
import { CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { readCount } from './option-values.ts';
import { printResult } from './print.ts';
import { resolveId } from './resolve-id.ts';
import { addSettings } from './setting-options.ts';

/** A check as the admin API gives it. */
interface CheckAnswer extends SlotCheck {
  tunnel: string;
  slot: number;
  /** Unix seconds. */
  checked_at: number;
}

/** `culvert tunnel check`: whether a slot works now, hop by hop. */
export function addCheck(tunnel: Command): void {
  const command = tunnel
    .command('check <tunnel>')
    .description('look now, hop by hop to the database, and name the first that is broken')
    .option('--slot <number>', 'the place of the proxy; 1 when left out', readCount)
    .option('--json', 'print the hops as JSON')
    .action(async (name: string, options: { slot?: number; json?: true }) => {
      const { slot = 1 } = options;
      const client = clientOf({ ...options });
      const path = `/v1/tunnels/${await resolveId(client, 'tun', name)}/checks`;
      const check = await client.create<CheckAnswer>(path, { slot });
      printResult(check, options, (made) => formatCheck(made, name));
      if (check.ok) return;
      const { broken, verdict, next } = check;
      throw new Problem('slot-broken', `broken at the hop ${broken}: ${verdict}`, { next });
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert tunnel check acme-crm', 'culvert tunnel check acme-crm --slot 2']);
}

/** As `h_autossh doctor` prints its hops. */
function formatCheck({ slot, hops, ok, verdict }: CheckAnswer, tunnel: string): string {
  const lines = hops.map(({ hop, result, detail }) => {
    const sign = result === 'untested' ? '--' : result;
    return `  ${sign.padEnd(2)}   ${hop.padEnd(15)}  ${detail}\n`;
  });
  const end = ok ? `\n${verdict}\n` : '';
  return `${tunnel}, slot ${slot}, hop by hop:\n${lines.join('')}${end}`;
}
