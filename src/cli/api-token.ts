import type { Command } from 'commander';
import { checkText } from '../domain/grammar.ts';
import { Problem } from '../domain/problem.ts';
import { isScope, SCOPES, type Scope } from '../domain/scope.ts';
import { readSettings } from '../settings.ts';
import {
  type ApiToken,
  change,
  getAccount,
  listApiTokens,
  revokeApiToken,
  type Store,
} from '../store/index.ts';
import { addExamples } from './examples.ts';
import { issueApiToken } from './issue-api-token.ts';
import { openMigratedStore } from './open-store.ts';
import { readList, readSeconds } from './option-values.ts';
import { printResult } from './print.ts';
import { addSettings } from './setting-options.ts';
import { type Column, formatTable, formatTime } from './table.ts';

const TOKENS: Column<ApiToken>[] = [
  { heading: 'ID', value: (token) => token.id },
  { heading: 'NAME', value: (token) => token.name },
  { heading: 'SCOPES', value: ({ scopes }) => (isAdmin(scopes) ? 'all' : scopes.join(',')) },
  { heading: 'ACCOUNTS', value: ({ accounts }) => accounts?.join(',') ?? 'all' },
  { heading: 'EXPIRES', value: (token) => formatMoment(token.expires_at) },
  { heading: 'REVOKED', value: (token) => formatMoment(token.revoked_at) },
];

/** `culvert api-token`: what programs call the admin API with. Works on the store, so it makes the first one. */
export function addApiToken(program: Command): void {
  const apiToken = program
    .command('api-token')
    .description('tokens for the admin API; works on the store itself');
  addCreate(apiToken);
  addList(apiToken);
  addRevoke(apiToken);
}

interface CreateOptions {
  name: string;
  admin?: true;
  scopes?: string[];
  accounts?: string[];
  expiresIn?: number;
  json?: true;
}

function addCreate(apiToken: Command): void {
  const command = apiToken
    .command('create')
    .description('make an API token; it is shown once')
    .requiredOption('--name <name>', 'what it is for')
    .option('--admin', 'every scope')
    .option('--scopes <list>', `some of ${SCOPES.join(', ')}`, readList)
    .option('--accounts <list>', 'ids of the only accounts that it may touch', readList)
    .option('--expires-in <duration>', 'such as 90m, 24h or 30d; never when left out', readSeconds)
    .option('--json', 'print the token as JSON')
    .action(async (options: CreateOptions) => {
      const name = checkText('--name', options.name);
      const scopes = readScopes(options);
      const { expiresIn, accounts = null } = options;
      const expires_at = expiresIn === undefined ? null : Date.now() + expiresIn * 1000;
      const issued = await withStore(async (store) => {
        for (const id of accounts ?? []) await requireAccount(store, id);
        return issueApiToken(store, { name, scopes, accounts, expires_at });
      });
      printResult(issued, options, ({ token }) => `${token}\n`);
    });
  addSettings(command, ['store']);
  addExamples(command, [
    'culvert api-token create --admin --name operator',
    'culvert api-token create --name shop --scopes tunnels:read,tunnels:write --expires-in 90d',
  ]);
}

function addList(apiToken: Command): void {
  const command = apiToken
    .command('list')
    .description('list API tokens, without their secrets')
    .option('--json', 'print them as JSON')
    .action(async (options: { json?: true }) => {
      const tokens = await withStore((store) => listApiTokens(store.db));
      printResult(tokens, options, (all) => formatTable(all, TOKENS));
    });
  addSettings(command, ['store']);
  addExamples(command, ['culvert api-token list']);
}

function addRevoke(apiToken: Command): void {
  const command = apiToken
    .command('revoke <id>')
    .description('make an API token useless at once')
    .action(async (id: string) => {
      await withStore((store) => revoke(store, id));
      process.stdout.write(`revoked ${id}\n`);
    });
  addSettings(command, ['store']);
  addExamples(command, ['culvert api-token revoke 0123456789abcdef']);
}

async function revoke(store: Store, id: string): Promise<void> {
  await change(store, { regions: [] }, async (trx, at) => {
    const revoked = await revokeApiToken(trx, id, at);
    if (!revoked) {
      throw new Problem('not-found', `there is no API token ${JSON.stringify(id)} to revoke`, {
        field: 'id',
        next: 'See what there is: culvert api-token list',
      });
    }
    const { name, scopes, accounts, expires_at } = revoked;
    const before = { name, scopes, accounts, expires_at };
    const event = { action: 'api-token.revoked', actor: 'system', subject: id, from: '', before };
    return { result: undefined, events: [event] };
  });
}

async function withStore<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openMigratedStore(readSettings(['store']).store);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function readScopes({ admin, scopes = [] }: CreateOptions): Scope[] {
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined) {
    throw new Problem('value-invalid', `--scopes: ${JSON.stringify(unknown)} is no scope`, {
      field: '--scopes',
      next: `Give some of ${SCOPES.join(', ')}.`,
    });
  }
  if ((admin === true) === scopes.length > 0) {
    throw new Problem('value-invalid', 'give either --admin or --scopes', { field: '--scopes' });
  }
  return admin ? [...SCOPES] : scopes.filter(isScope);
}

async function requireAccount(store: Store, id: string): Promise<void> {
  if (await getAccount(store.db, id)) return;
  throw new Problem('not-found', `--accounts: there is no account ${JSON.stringify(id)}`, {
    field: '--accounts',
    next: 'Give ids: culvert account list',
  });
}

function isAdmin(scopes: readonly Scope[]): boolean {
  return SCOPES.every((scope) => scopes.includes(scope));
}

function formatMoment(milliseconds: number | null): string | undefined {
  return formatTime(milliseconds === null ? null : Math.floor(milliseconds / 1000));
}
