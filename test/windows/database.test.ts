import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DatabaseType } from '../../src/domain/database.ts';
import { startGreeter } from '../agent/support/greeter.ts';
import { freePort } from '../support/free-port.ts';
import { startMariadb } from '../support/mariadb.ts';
import { ownAddress } from '../support/own-address.ts';
import { findPowerShell, NO_POWERSHELL } from '../support/powershell.ts';
import { startRedis } from '../support/redis.ts';

/** What the script's own functions hear at a database, from an address that databases judge. */
const PART = join(import.meta.dirname, '../../templates/windows/database.ps1');
const HERE = ownAddress();
const pwsh = await findPowerShell();

async function knock(type: DatabaseType, port: number, times = 1): Promise<string[]> {
  const text = `
    Set-StrictMode -Version 2
    $ErrorActionPreference = 'Stop'
    $DatabaseType = '${type}'
    $DatabasePort = '${port}'
    . '${PART}'
    foreach ($time in 1..${times}) { "heard: $(Test-Knock ([Net.IPAddress[]]'${HERE}'))" }`;
  const { stdout, stderr } = (await pwsh?.runText(text)) ?? { stdout: '', stderr: '' };
  assert.equal(stderr, '');
  return [...stdout.matchAll(/^heard: (.*)$/gm)].map(([, heard = '']) => heard.trimEnd());
}

test('databases answer or refuse as they do on Linux', async (t) => {
  if (!pwsh) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const mariadb = await startMariadb(await freePort(), ['--max-connect-errors=5']);
  t.after(() => mariadb.stop());
  await mariadb.sql(`create user 'client'@'%' identified by 'secret'`);
  assert.deepEqual(await knock('mysql', mariadb.port, 20), Array(20).fill('answers'));
  assert.match(await mariadb.sql(`show global status like 'Access_denied_errors'`), /\t20\n$/);
  for (let count = 0; count < 6; count += 1) {
    const socket = connect(mariadb.port, HERE);
    await new Promise((heard) => socket.once('data', heard));
    socket.destroy();
    await new Promise((closed) => socket.once('close', closed));
  }
  assert.deepEqual(await knock('mysql', mariadb.port), ['refuses host-blocked']);
  await mariadb.sql(`drop user 'client'@'%'; flush hosts`);
  await mariadb.sql(`delete from mysql.global_priv where host != 'localhost'; flush privileges`);
  assert.deepEqual(await knock('mysql', mariadb.port), ['refuses host-refused']);

  const cases: [string[], string][] = [
    [['--protected-mode', 'no'], 'answers'],
    [['--requirepass', 'secret'], 'answers'],
    [['--bind', '*'], 'refuses host-refused'],
  ];
  for (const [options, heard] of cases) {
    const redis = await startRedis(await freePort(), options);
    assert.deepEqual(await knock('redis', redis.port), [heard], options.join(' '));
    await redis.stop();
  }
});

test('something else does not speak the protocol, and nothing cannot be reached', async (t) => {
  if (!pwsh) return t.diagnostic(`not run here: ${NO_POWERSHELL}`);
  const other = await startGreeter((socket) => socket.end('220 mail.example ESMTP\r\n'), HERE);
  t.after(() => other.stop());
  const nothing = await freePort();
  for (const type of ['postgresql', 'mysql', 'redis'] as const) {
    assert.deepEqual(await knock(type, other.port), ['open'], type);
    assert.deepEqual(await knock(type, nothing), [''], type);
  }
  assert.deepEqual(await knock('oracle', other.port), ['answers']);
});
