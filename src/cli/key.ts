import type { Command } from 'commander';
import { Problem } from '../domain/problem.ts';
import { CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { readFingerprint } from './option-values.ts';
import { printResult } from './print.ts';
import { resolveId } from './resolve-id.ts';
import { addSettings } from './setting-options.ts';
import { type Column, formatTable, formatTime } from './table.ts';

/** A proxy's key as the admin API gives it. */
interface ListedKey {
  fingerprint: string;
  slot: number;
  type: string;
  state: string;
  platform: string;
  created_at: number;
  removed_at: number | null;
}

const KEYS: Column<ListedKey>[] = [
  { heading: 'FINGERPRINT', value: (key) => key.fingerprint },
  { heading: 'SLOT', value: (key) => key.slot },
  { heading: 'STATE', value: (key) => key.state },
  { heading: 'PLATFORM', value: (key) => key.platform },
  { heading: 'CREATED', value: (key) => formatTime(key.created_at) },
  { heading: 'REMOVED', value: (key) => formatTime(key.removed_at) },
];

const EXAMPLE = '3f5a…c1 (all 64 digits)';

/** `culvert key`: public keys of proxies. */
export function addKey(program: Command): void {
  const key = program.command('key').description("keys of a tunnel's proxies");
  addList(key);
  addConfirm(key);
  addRemove(key);
}

function addList(key: Command): void {
  const command = key
    .command('list <tunnel>')
    .description('list every key that a tunnel, by id or slug, has or had')
    .option('--json', 'print them as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const client = clientOf(options);
      const id = await resolveId(client, 'tun', name);
      const keys = await client.list<ListedKey>(`/v1/tunnels/${id}/keys`);
      printResult(keys, options, (all) => formatTable(all, KEYS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert key list acme-crm']);
}

function addConfirm(key: Command): void {
  const command = key
    .command('confirm')
    .argument('<tunnel>')
    .argument('<fingerprint>', 'as the customer reads it from the host', readFingerprint)
    .description('let a key count that waits')
    .option('--json', 'print the key as JSON')
    .action(async (name: string, fingerprint: string, options: { json?: true }) => {
      const client = clientOf({ ...options });
      const id = await resolveId(client, 'tun', name);
      const keys = await client.list<ListedKey>(`/v1/tunnels/${id}/keys`);
      const isThere = keys.some((one) => one.fingerprint === fingerprint && !one.removed_at);
      if (!isThere) throw notThere(name);
      const path = `/v1/tunnels/${id}/keys/${fingerprint}/confirm`;
      const confirmed = await client.create<ListedKey>(path, { fingerprint });
      printResult(confirmed, options, (one) => formatTable([one], KEYS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, [`culvert key confirm acme-crm ${EXAMPLE}`]);
}

function addRemove(key: Command): void {
  const command = key
    .command('remove')
    .argument('<tunnel>')
    .argument('<fingerprint>', 'as the list shows it', readFingerprint)
    .description('remove a key for good: its sessions end at once')
    .action(async (name: string, fingerprint: string, options: Record<string, unknown>) => {
      const client = clientOf(options);
      const id = await resolveId(client, 'tun', name);
      await client.remove(`/v1/tunnels/${id}/keys/${fingerprint}`);
      process.stdout.write(`removed ${fingerprint}\n`);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, [`culvert key remove acme-crm ${EXAMPLE}`]);
}

function notThere(tunnel: string): Problem {
  return new Problem('not-found', 'no key of this tunnel has that fingerprint', {
    field: 'fingerprint',
    next: `Compare: culvert key list ${tunnel}. A key that waits and is not the customer's came by somebody else: remove it, and make a new token.`,
  });
}
