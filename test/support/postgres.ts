import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { databaseFolder } from './database-folder.ts';
import { freePort } from './free-port.ts';
import { type Account, ownAccount } from './own-account.ts';
import { makeCluster } from './postgres-cluster.ts';

export interface Postgres {
  /** Of the superuser, on 127.0.0.1, database `postgres`. */
  url: string;
  port: number;
  /**
   * Makes a database and gives its address, for the same user: an empty one, or a copy of the one
   * at that address, which nobody may be using.
   */
  createDatabase(copyOf?: string): Promise<string>;
  /** Hangs it: the kernel takes connections and bytes, and nobody answers. */
  freeze(): void;
  /** Lets it go on. */
  thaw(): void;
  /** Shuts the server down in order, ending every session; its folder stays. */
  halt(): Promise<void>;
  /** Starts it again at the same address. */
  resume(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /**
   * Lines of pg_hba.conf for connections by TCP. Without it everyone on this machine is trusted.
   * Whatever it says, `createDatabase` works: it goes through the Unix socket.
   */
  hba?: string;
}

const TRUST_LOOPBACK = 'host all all 127.0.0.1/32 trust';
const START_WITHIN_MS = 60_000;

/**
 * Starts a PostgreSQL of one's own: a new cluster in a temporary folder, on a free port of
 * 127.0.0.1, without TLS (it answers `N` to an SSLRequest). As root it runs as the user `postgres`,
 * since PostgreSQL refuses root. It ends with this process, however that ends.
 * Throws an error that names the Debian package when PostgreSQL is not installed.
 */
export async function startPostgres({
  hba = TRUST_LOOPBACK,
}: PostgresOptions = {}): Promise<Postgres> {
  const programs = await findPrograms();
  const account = ownAccount('postgres');
  const folder = await mkdtemp(join(databaseFolder(), 'culvert-postgres-'));
  if (account) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  makeCluster(data, programs, account);
  writeFileSync(join(data, 'pg_hba.conf'), `local all all trust\n${hba}\n`);
  const port = await freePort();
  const start = () => startServer(programs, { folder, data, port }, account);
  let server = start();
  const admin = { host: folder, port, user: 'postgres', database: 'postgres' };
  await untilReady(server, admin, join(folder, 'log'));
  let databases = 0;
  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf('postgres'),
    port,
    async createDatabase(copyOf = urlOf('template1')) {
      databases += 1;
      const name = `database_${databases}`;
      const template = new URL(copyOf).pathname.slice(1);
      // By the log, as PostgreSQL has it else, takes twice the time.
      await query(admin, `create database ${name} template ${template} strategy file_copy`);
      return urlOf(name);
    },
    freeze: () => signalAll(server, 'SIGSTOP'),
    thaw: () => signalAll(server, 'SIGCONT'),
    halt: () => end(server, 'SIGINT'),
    async resume() {
      server = start();
      await untilReady(server, admin, join(folder, 'log'));
    },
    async stop() {
      await end(server, 'SIGQUIT'); // at once: what it has not written is about to be removed
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of initdb and postgres; Debian keeps them, by version, off the path. */
async function findPrograms(): Promise<string> {
  const root = '/usr/lib/postgresql';
  const versions = await namesIn(root);
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const folder = join(root, version, 'bin');
    if ((await namesIn(folder)).includes('initdb')) return folder;
  }
  throw new Error('PostgreSQL is missing: install the Debian package postgresql');
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function startServer(
  programs: string,
  { folder, data, port }: { folder: string; data: string; port: number },
  account: Account | undefined,
): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a');
  const server = spawn(
    'setpriv',
    [
      // The kernel ends the server when this process dies, even by SIGKILL.
      ...['--pdeathsig', 'QUIT', '--'],
      ...[join(programs, 'postgres'), '-D', data, '-k', folder, '-h', '127.0.0.1', '-p', `${port}`],
      // Only a crash of the machine loses what was not synced, and then the test is lost too.
      ...['-c', 'fsync=off', '-c', 'max_connections=200'],
    ],
    { ...account, cwd: folder, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  return server;
}

/** The server first: then it starts no other process. */
function signalAll({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  process.kill(pid as number, signal);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  for (const child of children.split(' ')) if (child !== '') process.kill(Number(child), signal);
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill(signal);
  await once(server, 'exit');
}

async function untilReady(
  server: ChildProcess,
  admin: pg.ClientConfig,
  log: string,
): Promise<void> {
  const deadline = Date.now() + START_WITHIN_MS;
  for (;;) {
    if (server.exitCode !== null || server.signalCode !== null || Date.now() > deadline) {
      throw new Error(`PostgreSQL did not start:\n${readFileSync(log, 'utf8')}`);
    }
    try {
      return await query(admin, 'select 1');
    } catch {
      await delay(20);
    }
  }
}

async function query(connection: pg.ClientConfig, text: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
