import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { databaseFolder } from './database-folder.ts';
import { ownAccount } from './own-account.ts';

export interface Mariadb {
  port: number;
  /** Runs SQL as the superuser, through the Unix socket; gives what it prints. */
  sql(text: string): Promise<string>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
const START_WITHIN_MS = 60_000;

/**
 * Starts a MariaDB of one's own in a temporary folder, on that port of every address: it keeps no
 * count of what 127.0.0.1 does. As root it runs as the user `mysql`. It ends with this process.
 */
export async function startMariadb(port: number, options: string[] = []): Promise<Mariadb> {
  const account = ownAccount('mysql');
  const folder = await mkdtemp(join(databaseFolder(), 'culvert-mariadb-'));
  if (account) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  execFileSync(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
    { ...account, cwd: folder, stdio: 'ignore' },
  );
  const socket = join(folder, 'socket');
  const log = openSync(join(folder, 'log'), 'a');
  const server = spawn(
    'setpriv',
    [
      // The kernel ends the server when this process dies, even by SIGKILL.
      ...['--pdeathsig', 'KILL', '--', 'mariadbd', '--no-defaults', `--datadir=${data}`],
      ...[`--socket=${socket}`, `--port=${port}`, '--innodb-flush-log-at-trx-commit=0'],
      ...['--innodb-buffer-pool-size=8M', '--host-cache-size=100', ...options],
    ],
    { ...account, cwd: folder, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const sql = async (text: string) => {
    const client = ['--no-defaults', '-u', 'root', '-S', socket, '-N', '-e', text];
    return (await run('mariadb', client)).stdout;
  };
  await untilReady(server, sql, join(folder, 'log'));
  return {
    port,
    sql,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGKILL'); // at once: what it has not written is about to be removed
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(
  server: ChildProcess,
  sql: (text: string) => Promise<string>,
  log: string,
): Promise<void> {
  const deadline = Date.now() + START_WITHIN_MS;
  for (;;) {
    if (server.exitCode !== null || server.signalCode !== null || Date.now() > deadline) {
      throw new Error(`MariaDB did not start:\n${readFileSync(log, 'utf8')}`);
    }
    try {
      await sql('select 1');
      return;
    } catch {
      await delay(50);
    }
  }
}
