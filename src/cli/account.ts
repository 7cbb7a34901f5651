import type { Command } from 'commander';
import type { Account } from '../domain/account.ts';
import { CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { printResult } from './print.ts';
import { addSettings } from './setting-options.ts';
import { type Column, formatTable, formatTime } from './table.ts';

const COLUMNS: Column<Account>[] = [
  { heading: 'SLUG', value: (account) => account.slug },
  { heading: 'NAME', value: (account) => account.name },
  { heading: 'ID', value: (account) => account.id },
  { heading: 'CREATED', value: (account) => formatTime(account.created_at) },
];

/** `culvert account`: the vendor's customers. */
export function addAccount(program: Command): void {
  const account = program.command('account').description("the vendor's customers");
  addCreate(account);
  addList(account);
}

function addCreate(account: Command): void {
  const command = account
    .command('create <slug>')
    .description('add a customer')
    .option('--name <name>', 'its name for people; the slug when left out')
    .option('--json', 'print the account as JSON')
    .action(async (slug: string, options: { name?: string; json?: true }) => {
      const body = { slug, name: options.name ?? slug };
      const created = await clientOf(options).create<Account>('/v1/accounts', body);
      printResult(created, options, (one) => formatTable([one], COLUMNS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert account create acme --name "Acme GmbH"']);
}

function addList(account: Command): void {
  const command = account
    .command('list')
    .description('list customers')
    .option('--json', 'print them as JSON')
    .action(async (options: { json?: true }) => {
      const accounts = await clientOf(options).list<Account>('/v1/accounts');
      printResult(accounts, options, (all) => formatTable(all, COLUMNS));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert account list', 'culvert account list --json']);
}
