import type { Command } from 'commander';
import { CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { readAddresses, readCount, readSeconds } from './option-values.ts';
import { printResult } from './print.ts';
import { resolveId } from './resolve-id.ts';
import { addSettings } from './setting-options.ts';
import { type Column, formatTable, formatTime } from './table.ts';

/** A fresh enrolment token as the admin API gives it, once. */
export interface IssuedToken {
  id: string;
  token: string;
  expires_at: number;
  command: string;
  token_command: string;
}

interface ListedToken {
  id: string;
  slot: number;
  expires_at: number;
  uses: number;
  max_uses: number;
  sources: string[];
  confirm: boolean;
  revoked_at: number | null;
}

const TOKENS: Column<ListedToken>[] = [
  { heading: 'ID', value: (token) => token.id },
  { heading: 'SLOT', value: (token) => token.slot },
  { heading: 'USED', value: (token) => `${token.uses} of ${token.max_uses}` },
  { heading: 'FROM', value: (token) => token.sources.join(' ') },
  { heading: 'CONFIRM', value: (token) => (token.confirm ? 'yes' : undefined) },
  { heading: 'EXPIRES', value: (token) => formatTime(token.expires_at) },
  { heading: 'REVOKED', value: (token) => formatTime(token.revoked_at) },
];

/** `culvert token`: enrolment tokens, with which a proxy registers its key. */
export function addToken(program: Command): void {
  const token = program.command('token').description('enrolment tokens of a tunnel');
  addCreate(token);
  addList(token);
  addRevoke(token);
}

interface CreateOptions {
  slot?: number;
  expiresIn?: number;
  uses?: number;
  sources?: string[];
  confirm?: true;
  json?: true;
}

function addCreate(token: Command): void {
  const command = token
    .command('create <tunnel>')
    .description('make an enrolment token for a tunnel, by id or slug; it is shown once')
    .option('--slot <number>', 'the place of the proxy within the tunnel', readCount)
    .option('--expires-in <duration>', 'such as 90m, 24h or 7d; 24h when left out', readSeconds)
    .option('--uses <number>', 'for a host that is rebuilt: each key replaces the last', readCount)
    .option('--sources <list>', 'addresses or CIDR blocks that it may be used from', readAddresses)
    .option('--confirm', 'a key waits until you have confirmed its fingerprint')
    .option('--json', 'print token and commands as JSON')
    .action(async (name: string, options: CreateOptions) => {
      const { slot, expiresIn: expires_in, uses = 1, sources, confirm } = options;
      const client = clientOf({ ...options });
      const path = `/v1/tunnels/${await resolveId(client, 'tun', name)}/tokens`;
      const issued = await client.create<IssuedToken>(path, {
        ...(slot !== undefined && { slot }),
        ...(expires_in !== undefined && { expires_in }),
        ...(sources !== undefined && { sources }),
        ...(confirm && { confirm }),
        uses,
      });
      printResult(issued, options, () => formatIssued(issued, uses));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, [
    'culvert token create acme-crm',
    'culvert token create acme-crm --expires-in 7d',
    'culvert token create acme-crm --uses 100 --expires-in 30d --sources 192.0.2.0/24',
    'culvert token create acme-crm --confirm',
  ]);
}

function addList(token: Command): void {
  const command = token
    .command('list <tunnel>')
    .description("list a tunnel's enrolment tokens, without their secrets")
    .option('--json', 'print them as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const client = clientOf(options);
      const id = await resolveId(client, 'tun', name);
      const tokens = await client.list<ListedToken>(`/v1/tunnels/${id}/tokens`);
      printResult(tokens, options, (all) => formatTable(all, TOKENS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert token list acme-crm']);
}

function addRevoke(token: Command): void {
  const command = token
    .command('revoke <tunnel> <id>')
    .description('make an enrolment token useless; keys that came by it stay')
    .action(async (name: string, id: string, options: Record<string, unknown>) => {
      const client = clientOf(options);
      const tunnel = await resolveId(client, 'tun', name);
      await client.remove(`/v1/tunnels/${tunnel}/tokens/${encodeURIComponent(id)}`);
      process.stdout.write(`revoked ${id}\n`);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert token revoke acme-crm 0123456789abcdef']);
}

function formatIssued(issued: IssuedToken, uses: number): string {
  const times = uses === 1 ? 'one use' : `${uses} uses`;
  return `Expires ${formatTime(issued.expires_at)}, good for ${times}, shown once. The customer pastes:
${issued.token_command}
`;
}
