import type { Command } from 'commander';
import { DATABASE_TYPES, type Database, databaseAddress } from '../domain/database.ts';
import { CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { readCount, readDatabasePlace, readDatabaseType } from './option-values.ts';
import { printResult } from './print.ts';
import { resolveId } from './resolve-id.ts';
import { addSettings } from './setting-options.ts';
import { type Column, formatRecord, formatTable, formatTime } from './table.ts';
import type { SlotAnswer, TunnelAnswer } from './tunnel-answer.ts';
import { addCheck } from './tunnel-check.ts';
import { addWhy } from './tunnel-why.ts';

const TUNNELS: Column<TunnelAnswer>[] = [
  { heading: 'SLUG', value: (tunnel) => tunnel.slug },
  { heading: 'NAME', value: (tunnel) => tunnel.name },
  { heading: 'DATABASE', value: (tunnel) => databaseAddress(tunnel.database) },
  { heading: 'CONNECT TO', value: (tunnel) => tunnel.slots.map(connectTo).join(' ') },
  { heading: 'ID', value: (tunnel) => tunnel.id },
];

/** What `culvert tunnel show` says of each slot. */
export const SLOTS: Column<SlotAnswer>[] = [
  { heading: 'SLOT', value: ({ slot }) => slot },
  { heading: 'CONNECT TO', value: connectTo },
  { heading: 'FROM', value: ({ sources }) => sources.join(' ') },
  { heading: 'KEY', value: ({ status }) => status?.key },
  { heading: 'SESSION', value: ({ status }) => status?.session },
  { heading: 'DATABASE', value: ({ status }) => status?.database },
  { heading: 'REASON', value: ({ status }) => status?.reason },
];

/** `culvert tunnel`: databases that are to be reached. */
export function addTunnel(program: Command): void {
  const tunnel = program
    .command('tunnel')
    .description('databases of customers, and how to reach them');
  addCreate(tunnel);
  addList(tunnel);
  addShow(tunnel);
  addWhy(tunnel);
  addCheck(tunnel);
  addRemove(tunnel);
}

interface CreateOptions {
  account: string;
  region: string;
  database: ReturnType<typeof readDatabasePlace>;
  type: Database['type'];
  name?: string;
  slots?: number;
  token?: true;
  json?: true;
}

function addCreate(tunnel: Command): void {
  const command = tunnel
    .command('create <slug>')
    .description('add a tunnel and print the command that its customer pastes')
    .requiredOption('--account <account>', 'whose database it is, by id or slug')
    .requiredOption('--region <region>', 'where its proxy connects to, by id or slug')
    .requiredOption(
      '--database <place>',
      'host:port as the proxy sees it, or the path of a Unix socket',
      readDatabasePlace,
    )
    .option(
      '--type <type>',
      `what the probe speaks: ${DATABASE_TYPES.join(', ')}`,
      readDatabaseType,
      'postgresql',
    )
    .option('--name <name>', 'its name for people; the slug when left out')
    .option('--slots <number>', 'how many proxies it is to have; 1 when left out', readCount)
    .option('--token', 'make an enrolment token too, shown once')
    .option('--json', 'print the tunnel as JSON')
    .action(async (slug: string, options: CreateOptions) => {
      const client = clientOf({ ...options });
      const created = await client.create<TunnelAnswer>('/v1/tunnels', {
        slug,
        name: options.name ?? slug,
        account: await resolveId(client, 'acc', options.account),
        region: await resolveId(client, 'reg', options.region),
        database: { type: options.type, ...options.database },
        ...(options.slots !== undefined && { slots: options.slots }),
        ...(options.token && { issue_token: true }),
      });
      printResult(created, options, formatTunnel);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, [
    'culvert tunnel create acme-crm --account acme --region eu --database 10.0.0.5:5432 --token',
  ]);
}

function addList(tunnel: Command): void {
  const command = tunnel
    .command('list')
    .description('list tunnels')
    .option('--json', 'print them as JSON')
    .action(async (options: { json?: true }) => {
      const tunnels = await clientOf(options).list<TunnelAnswer>('/v1/tunnels');
      printResult(tunnels, options, (all) => formatTable(all, TUNNELS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert tunnel list', "culvert tunnel list --json | jq '.[].slots'"]);
}

function addShow(tunnel: Command): void {
  const command = tunnel
    .command('show <tunnel>')
    .description('show a tunnel, by id or slug, and the state of its slots')
    .option('--json', 'print it as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const client = clientOf(options);
      const id = await resolveId(client, 'tun', name);
      printResult(await client.get<TunnelAnswer>(`/v1/tunnels/${id}`), options, formatTunnel);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert tunnel show acme-crm']);
}

function addRemove(tunnel: Command): void {
  const command = tunnel
    .command('remove <tunnel>')
    .description('remove a tunnel, by id or slug: its keys go, its session ends, for good')
    .action(async (name: string, options: Record<string, unknown>) => {
      const client = clientOf(options);
      const id = await resolveId(client, 'tun', name);
      await client.remove(`/v1/tunnels/${id}`);
      process.stdout.write(`removed ${id}\n`);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert tunnel remove acme-crm']);
}

function connectTo({ host, tunnel_port }: SlotAnswer): string {
  return `${host}:${tunnel_port}`;
}

function formatTunnel(tunnel: TunnelAnswer): string {
  const record = formatRecord({
    id: tunnel.id,
    slug: tunnel.slug,
    name: tunnel.name,
    account: tunnel.account,
    region: tunnel.region,
    database: `${databaseAddress(tunnel.database)} (${tunnel.database.type})`,
    page: tunnel.page,
    created: formatTime(tunnel.created_at),
  });
  return `${record}
${formatTable(tunnel.slots, SLOTS)}${formatWaiting(tunnel)}
The customer pastes:
${tunnel.token_command ?? tunnel.command}
${formatWindows(tunnel)}${tunnel.slots.slice(1).map(formatCommands).join('')}`;
}

/** What the customer pastes on the proxy of a slot beside the first. */
export function formatCommands(slot: SlotAnswer): string {
  return `
On the proxy of slot ${slot.slot}:
${slot.command}
${formatWindows(slot)}`;
}

function formatWaiting({ installers = [] }: TunnelAnswer): string {
  const lines = installers.flatMap(({ slot, waiting, reasons }) =>
    waiting === null ? [] : [`Slot ${slot} waits for reviewers: ${reasons.join('; ')}\n`],
  );
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

function formatWindows({ windows_command }: { windows_command?: string }): string {
  if (windows_command === undefined) return '';
  return `
or, on Windows, in PowerShell as administrator:
${windows_command}
`;
}
