import type { Command } from 'commander';
import { CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { readAddresses, readCount } from './option-values.ts';
import { printResult } from './print.ts';
import { resolveId } from './resolve-id.ts';
import { addSettings } from './setting-options.ts';
import { formatTable } from './table.ts';
import { formatCommands, SLOTS } from './tunnel.ts';
import type { SlotAnswer } from './tunnel-answer.ts';

/** `culvert slot`: places of a tunnel, each for one proxy. */
export function addSlot(program: Command): void {
  const slot = program.command('slot').description('places of a tunnel, each for one proxy');
  addAdd(slot);
  addPin(slot);
  addUnpin(slot);
  addRemove(slot);
}

function addAdd(slot: Command): void {
  const command = slot
    .command('add <tunnel>')
    .description(
      'add a slot to a tunnel, by id or slug: another proxy, with a tunnel port of its own',
    )
    .option('--sources <list>', 'the only addresses that its proxy may log in from', readAddresses)
    .option('--json', 'print the slot as JSON')
    .action(async (name: string, options: { sources?: string[]; json?: true }) => {
      const client = clientOf({ ...options });
      const path = `/v1/tunnels/${await resolveId(client, 'tun', name)}/slots`;
      const { sources = [] } = options;
      const added = await client.create<SlotAnswer>(path, { sources });
      printResult(added, options, () => formatAdded(added, name));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert slot add acme-crm']);
}

function addPin(slot: Command): void {
  const command = slot
    .command('pin')
    .argument('<tunnel>')
    .argument('<slot>', 'its number', readCount)
    .argument('<addresses>', 'addresses or CIDR blocks, with commas between', readAddresses)
    .description('let the proxy of a slot log in from some addresses only; sessions stay')
    .option('--json', 'print the slot as JSON')
    .action(setSources);
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert slot pin acme-crm 1 192.0.2.7,198.51.100.0/24']);
}

function addUnpin(slot: Command): void {
  const command = slot
    .command('unpin')
    .argument('<tunnel>')
    .argument('<slot>', 'its number', readCount)
    .description('let the proxy of a slot log in from anywhere')
    .option('--json', 'print the slot as JSON')
    .action((name: string, number: number, options: { json?: true }) =>
      setSources(name, number, [], options),
    );
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert slot unpin acme-crm 1']);
}

async function setSources(
  name: string,
  number: number,
  sources: string[],
  options: { json?: true },
): Promise<void> {
  const client = clientOf({ ...options });
  const path = `/v1/tunnels/${await resolveId(client, 'tun', name)}/slots/${number}`;
  const changed = await client.change<SlotAnswer>(path, { sources });
  printResult(changed, options, () => formatTable([changed], SLOTS));
}

function addRemove(slot: Command): void {
  const command = slot
    .command('remove')
    .argument('<tunnel>')
    .argument('<slot>', 'its number', readCount)
    .description('remove a slot but the first: its keys go, its session ends, for good')
    .action(async (name: string, number: number, options: Record<string, unknown>) => {
      const client = clientOf(options);
      const tunnel = await resolveId(client, 'tun', name);
      await client.remove(`/v1/tunnels/${tunnel}/slots/${number}`);
      process.stdout.write(`removed slot ${number} of ${tunnel}\n`);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert slot remove acme-crm 2']);
}

function formatAdded(added: SlotAnswer, tunnel: string): string {
  return `${formatTable([added], SLOTS)}${formatCommands(added)}
A token for it: culvert token create ${tunnel} --slot ${added.slot}
`;
}
