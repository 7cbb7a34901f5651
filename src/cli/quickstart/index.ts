import { resolve } from 'node:path';
import type { Command } from 'commander';
import { checkDatabase } from '../../domain/database.ts';
import { readSettings } from '../../settings.ts';
import { aborted } from '../aborted.ts';
import type { Boundary } from '../boundary.ts';
import { addExamples } from '../examples.ts';
import { createLog } from '../log.ts';
import { readDatabasePlace, readPort } from '../option-values.ts';
import { printResult } from '../print.ts';
import { formatInvitation } from './invitation.ts';
import { startQuickstart } from './start.ts';

interface QuickstartOptions {
  data: string;
  port?: number;
  sshPort?: number;
  database?: ReturnType<typeof readDatabasePlace>;
  logLevel?: string;
  json?: true;
}

/** `culvert quickstart`: everything on this machine, until it is told to end. */
export function addQuickstart(program: Command, boundary: Boundary): void {
  const command = program
    .command('quickstart')
    .description('run everything on this machine, to try it, and print the commands to paste')
    .option(
      '--data <folder>',
      'folder that holds everything; a later start goes on with it',
      'data',
    )
    .option('--port <port>', "the control plane's port; 8080 at the first start", readPort)
    .option('--ssh-port <port>', "sshd's port; 50022 at the first start", readPort)
    .option(
      '--database <place>',
      'the database to reach; 127.0.0.1:5432 at the first start',
      readDatabasePlace,
    )
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace, silent', 'warn')
    .option('--json', 'print page and commands as one JSON object')
    .action((options: QuickstartOptions) => quickstart(options, boundary));
  addExamples(command, [
    'culvert quickstart',
    'culvert quickstart --port 8090 --database 127.0.0.1:5433 --data other-data',
  ]);
}

async function quickstart(options: QuickstartOptions, boundary: Boundary): Promise<void> {
  const { logLevel } = readSettings(['logLevel'], { ...options });
  const { port, sshPort, database } = options;
  const stop = boundary.stopSignal();
  await using running = new AsyncDisposableStack();
  const invitation = await startQuickstart(
    {
      data: resolve(options.data),
      port,
      sshPort,
      database: database && checkDatabase({ type: 'postgresql', ...database }, '--database'),
    },
    createLog(logLevel),
    running,
  );
  printResult(invitation, options, formatInvitation);
  await aborted(stop);
}
