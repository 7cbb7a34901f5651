import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { DatabaseType } from '../../src/domain/database.ts';
import { startGreeter } from '../agent/support/greeter.ts';
import { freePort } from '../support/free-port.ts';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { ownAddress } from '../support/own-address.ts';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';

/** What the script's own functions hear at a database, from an address that databases judge. */
const PART = join(import.meta.dirname, '../../templates/linux/database.sh');
const HERE = ownAddress();
const run = promisify(execFile);

async function knock(type: DatabaseType, port: number, host = HERE): Promise<string> {
  const script = 'set -u; source "$1"; DATABASE_TYPE=$2 DATABASE_HOST=$3 DATABASE_PORT=$4; knock';
  const words = ['-c', script, 'bash', PART, type, host, `${port}`];
  const { stdout, stderr } = await run('bash', words).catch((error) => error);
  assert.equal(stderr, '');
  return stdout.trimEnd();
}

suite('a MariaDB', () => {
  let server: Mariadb;

  before(async () => {
    server = await startMariadb(await freePort(), ['--max-connect-errors=5']);
    await server.sql(`create user 'client'@'%' identified by 'secret'`);
  });
  after(() => server.stop());

  test('answers, and is left in order: it never blocks the host', async () => {
    for (let count = 0; count < 20; count += 1) {
      assert.equal(await knock('mysql', server.port), 'answers');
    }
    assert.match(await server.sql(`show global status like 'Access_denied_errors'`), /\t20\n$/);
  });

  test('that has blocked the host says so', async () => {
    for (let count = 0; count < 6; count += 1) {
      const socket = connect(server.port, HERE);
      await new Promise((heard) => socket.once('data', heard));
      socket.destroy();
      await new Promise((closed) => socket.once('close', closed));
    }
    assert.equal(await knock('mysql', server.port), 'refuses host-blocked');
    await server.sql('flush hosts');
    assert.equal(await knock('mysql', server.port), 'answers');
  });

  test('that has no user for the host says so, and so does a full one', async () => {
    await server.sql(`drop user 'client'@'%'; set global max_connections = 10`);
    await server.sql(`delete from mysql.global_priv where host != 'localhost'; flush privileges`);
    assert.equal(await knock('mysql', server.port), 'refuses host-refused');
    const sockets = Array.from({ length: 11 }, () => connect(server.port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => new Promise((heard) => socket.once('data', heard))));
    assert.equal(await knock('mysql', server.port), 'refuses too-many-connections');
    for (const socket of sockets) socket.destroy();
  });
});

test('a Redis answers, with a password as without, and refuses in protected mode', async () => {
  const open = ['--protected-mode', 'no'];
  const cases: [string[], string][] = [
    [open, 'answers'],
    [['--requirepass', 'secret'], 'answers'],
    [['--bind', '*'], 'refuses host-refused'],
  ];
  for (const [options, heard] of cases) {
    const server = await startRedis(await freePort(), options);
    assert.equal(await knock('redis', server.port), heard, options.join(' '));
    await server.stop();
  }
});

test('a PostgreSQL answers', async () => {
  const server = await startPostgres();
  assert.equal(await knock('postgresql', server.port, '127.0.0.1'), 'answers');
  await server.stop();
});

test('something else does not speak the protocol, and nothing cannot be reached', async (t) => {
  const other = await startGreeter((socket) => socket.write('220 mail.example ESMTP\r\n'));
  t.after(() => other.stop());
  const port = await freePort();
  for (const type of ['postgresql', 'mysql', 'redis'] as const) {
    assert.equal(await knock(type, other.port, '127.0.0.1'), 'open', type);
    assert.equal(await knock(type, port, '127.0.0.1'), '', type);
  }
  for (const type of ['sqlserver', 'oracle', 'mongodb', 'clickhouse', 'tcp'] as const) {
    assert.equal(await knock(type, other.port, '127.0.0.1'), 'answers', type);
    assert.equal(await knock(type, port, '127.0.0.1'), '', type);
  }
});
