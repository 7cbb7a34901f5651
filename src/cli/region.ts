import { type Command, Option } from 'commander';
import { Problem } from '../domain/problem.ts';
import type { Region, RegionInput, TunnelServer } from '../domain/region.ts';
import { CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { readList, readPort, readPortRange, readPorts } from './option-values.ts';
import { printResult } from './print.ts';
import { resolveId } from './resolve-id.ts';
import { addSettings } from './setting-options.ts';
import { type Column, formatRecord, formatTable, formatTime } from './table.ts';

const REGIONS: Column<Region>[] = [
  { heading: 'SLUG', value: (region) => region.slug },
  { heading: 'NAME', value: (region) => region.name },
  { heading: 'PORT', value: (region) => region.port },
  { heading: 'TUNNEL PORTS', value: tunnelPorts },
  { heading: 'ID', value: (region) => region.id },
];

const SERVERS: Column<TunnelServer>[] = [
  { heading: 'HOST', value: (server) => server.host },
  { heading: 'ALIASES', value: (server) => server.aliases.join(',') },
  { heading: 'JOINED', value: (server) => (server.host_keys === null ? 'no' : 'yes') },
  { heading: 'LAST REPORT', value: (server) => formatTime(server.reported_at) },
  { heading: 'ID', value: (server) => server.id },
];

/** `culvert region`: places of tunnel servers. */
export function addRegion(program: Command): void {
  const region = program.command('region').description('places of tunnel servers');
  addCreate(region);
  addList(region);
  addShow(region);
  addAddServer(region);
  addJoinToken(region);
}

interface CreateOptions {
  name?: string;
  login: string;
  port: number;
  alternatePorts?: number[];
  tunnelPorts: { first: number; last: number };
  bindAddress: string;
  egressAddresses?: string[];
  json?: true;
}

function addCreate(region: Command): void {
  const command = region
    .command('create <slug>')
    .description('add a region')
    .option('--name <name>', 'its name for people; the slug when left out')
    .option('--login <user>', 'account on its servers that tunnels log in as', 'tunnel')
    .option('--port <port>', 'port of sshd', readPort, 50022)
    .option(
      '--alternate-ports <ports>',
      'other ports that lead to it, such as 443; for the record',
      readPorts,
    )
    .addOption(
      new Option('--tunnel-ports <first-last>', 'ports for tunnels, below 32768')
        .argParser(readPortRange)
        .default({ first: 20000, last: 29999 }, '20000-29999'),
    )
    .option('--bind-address <address>', 'address that tunnel ports listen on', '127.0.0.1')
    .option('--egress-addresses <list>', 'addresses your side connects from', readList)
    .option('--json', 'print the region as JSON')
    .action(async (slug: string, options: CreateOptions) => {
      const body = regionInput(slug, options);
      const created = await clientOf({ ...options }).create<Region>('/v1/regions', body);
      printResult(created, options, (one) => formatTable([one], REGIONS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, [
    'culvert region create eu --name Europe',
    'culvert region create eu --alternate-ports 443 --tunnel-ports 20000-24999',
  ]);
}

function addList(region: Command): void {
  const command = region
    .command('list')
    .description('list regions')
    .option('--json', 'print them as JSON')
    .action(async (options: { json?: true }) => {
      const regions = await clientOf(options).list<Region>('/v1/regions');
      printResult(regions, options, (all) => formatTable(all, REGIONS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert region list', 'culvert region list --json']);
}

function addShow(region: Command): void {
  const command = region
    .command('show <region>')
    .description('show a region, by id or slug, and its tunnel servers')
    .option('--json', 'print it as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const client = clientOf(options);
      const path = `/v1/regions/${await resolveId(client, 'reg', name)}`;
      const shown = await client.get<Region>(path);
      const servers = await client.list<TunnelServer>(`${path}/servers`);
      printResult({ ...shown, servers }, options, formatRegion);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert region show eu']);
}

function addAddServer(region: Command): void {
  const command = region
    .command('add-server <region> <host>')
    .description('add a tunnel server to a region and print the token that its agent joins with')
    .option('--aliases <list>', 'other names of the same host, for the record', readList)
    .option('--json', 'print server and join token as JSON')
    .action(async (name: string, host: string, options: { aliases?: string[]; json?: true }) => {
      const client = clientOf({ ...options });
      const path = `/v1/regions/${await resolveId(client, 'reg', name)}/servers`;
      const added = await client.create<AddedServer>(path, {
        host,
        aliases: options.aliases ?? [],
      });
      printResult(added, options, formatAddedServer);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert region add-server eu t1.eu.example --aliases t1-v6.eu.example']);
}

function addJoinToken(region: Command): void {
  const command = region
    .command('join-token <region> <host>')
    .description('print another token for a tunnel server whose agent has lost its join')
    .option('--json', 'print server and join token as JSON')
    .action(async (name: string, host: string, options: { json?: true }) => {
      const client = clientOf(options);
      const path = `/v1/regions/${await resolveId(client, 'reg', name)}/servers`;
      const server = (await client.list<TunnelServer>(path)).find((one) => one.host === host);
      if (!server) throw noSuchServer(name, host);
      const invited = await client.create<AddedServer>(`${path}/${server.id}/join-token`, {});
      printResult(invited, options, formatAddedServer);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert region join-token eu t1.eu.example']);
}

function noSuchServer(region: string, host: string): Problem {
  return new Problem('not-found', `the region has no tunnel server ${JSON.stringify(host)}`, {
    field: 'host',
    next: `See what there is: culvert region show ${region}`,
  });
}

interface AddedServer {
  server: TunnelServer;
  join_token: string;
}

function regionInput(slug: string, options: CreateOptions): RegionInput {
  return {
    slug,
    name: options.name ?? slug,
    login: options.login,
    port: options.port,
    alternate_ports: options.alternatePorts ?? [],
    first_tunnel_port: options.tunnelPorts.first,
    last_tunnel_port: options.tunnelPorts.last,
    bind_address: options.bindAddress,
    egress_addresses: options.egressAddresses ?? [],
  };
}

function tunnelPorts(region: Region): string {
  return `${region.first_tunnel_port}-${region.last_tunnel_port}`;
}

function formatRegion({ servers, ...region }: Region & { servers: TunnelServer[] }): string {
  const record = formatRecord({
    id: region.id,
    slug: region.slug,
    name: region.name,
    login: region.login,
    port: [region.port, ...region.alternate_ports].join(', '),
    'tunnel ports': tunnelPorts(region),
    'bind address': region.bind_address,
    'egress addresses': region.egress_addresses.join(', '),
  });
  return servers.length === 0 ? record : `${record}\n${formatTable(servers, SERVERS)}`;
}

function formatAddedServer({ server, join_token }: AddedServer): string {
  return `${formatTable([server], SERVERS)}
Join token, shown once and good for one use:
${join_token}

Make ${server.host} a tunnel server with a script, which asks for the token there:
culvert tunnel-server install-script --region <region> --control-plane <url> --output install.sh
`;
}
