import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditRow } from '../../src/domain/audit.ts';
import { checkChain } from '../../src/domain/check-chain.ts';
import { auditRows, openStore } from '../../src/store/index.ts';
import { freePort } from '../support/free-port.ts';
import { startPostgres } from '../support/postgres.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const WRITES = 200;
const CLIENTS = 4;

/** A culvert process of the test's own, which answers on `port` when this returns. */
async function start(
  command: string[],
  port: number,
  folder: string,
  environment: Record<string, string>,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, ...command], {
    cwd: folder,
    env: { ...process.env, CULVERT_LOG_LEVEL: 'error', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  for (const started = performance.now(); performance.now() - started < 30_000; await sleep(50)) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (ready?.ok) return child;
    if (child.exitCode !== null) break;
  }
  throw new Error(`culvert ${command[0]} is not ready`);
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Creates accounts by several clients at once until the process dies; gives the acknowledged ids. */
async function writeUntilKilled(
  port: number,
  token: string,
  child: ChildProcess,
): Promise<string[]> {
  const acknowledged: string[] = [];
  const killAt = 40 + Math.floor(Math.random() * 120);
  let next = 0;
  const client = async () => {
    while (next < WRITES) {
      const slug = `account-${next++}`;
      const response = await fetch(`http://127.0.0.1:${port}/v1/accounts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ slug, name: slug }),
      }).catch(() => undefined);
      if (!response) return;
      assert.equal(response.status, 201);
      const answer = await response.json().catch(() => undefined);
      if (!answer) return;
      acknowledged.push((answer as { id: string }).id);
      if (acknowledged.length === killAt) child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  assert.ok(acknowledged.length >= killAt && acknowledged.length < WRITES, 'killed in the middle');
  return acknowledged;
}

async function isWhole(storeUrl: string, acknowledged: string[]): Promise<void> {
  const store = await openStore(storeUrl);
  try {
    const rows: AuditRow[] = [];
    for await (const row of auditRows(store.db)) rows.push(row);
    assert.equal((await checkChain(rows)).broken, undefined);
    const created = new Set(
      rows.map(({ bytes }) => JSON.parse(bytes)).map(({ subject }: { subject: string }) => subject),
    );
    assert.deepEqual(
      acknowledged.filter((id) => !created.has(id)),
      [],
    );
  } finally {
    await store.close();
  }
}

async function allAreServed(port: number, token: string, acknowledged: string[]): Promise<void> {
  for (const id of acknowledged) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/accounts/${id}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(response.status, 200, id);
  }
}

describe('kill -9 in the middle of writing', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'culvert-crash-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  test('culvert serve on PostgreSQL keeps every acknowledged write', async () => {
    const postgres = await startPostgres();
    const port = await freePort();
    const store = await postgres.createDatabase();
    const environment = {
      CULVERT_STORE: store,
      CULVERT_VENDOR: 'acme',
      CULVERT_LISTEN: `127.0.0.1:${port}`,
      CULVERT_PUBLIC_URL: `http://127.0.0.1:${port}`,
    };
    let child = await start(['serve', '--migrate'], port, folder, environment);
    try {
      const token = await makeApiToken(folder, environment);
      const acknowledged = await writeUntilKilled(port, token, child);
      await kill(child, 'SIGKILL');
      child = await start(['serve'], port, folder, environment);
      await allAreServed(port, token, acknowledged);
      await isWhole(store, acknowledged);
    } finally {
      await kill(child, 'SIGTERM');
      await postgres.stop();
    }
  });

  test('quickstart on SQLite keeps every acknowledged write, and takes care of its sshd', async () => {
    const [port, sshPort] = [await freePort(), await freePort()];
    const command = ['quickstart', '--port', String(port), '--ssh-port', String(sshPort)];
    let child = await start(command, port, folder, {});
    try {
      const store = `sqlite:${join(folder, 'data/culvert.db')}`;
      const token = await makeApiToken(folder, { CULVERT_STORE: store });
      const acknowledged = await writeUntilKilled(port, token, child);
      await kill(child, 'SIGKILL');
      child = await start(command, port, folder, {});
      await allAreServed(port, token, acknowledged);
      await isWhole(store, acknowledged);
      assert.match(await banner(sshPort), /^SSH-2\.0-/);
    } finally {
      await kill(child, 'SIGINT');
    }
    await assert.rejects(banner(sshPort), 'no sshd is left behind');
  });
});

async function makeApiToken(folder: string, environment: Record<string, string>): Promise<string> {
  const words = ['api-token', 'create', '--admin', '--name', 'crash', '--json'];
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await Promise.all([
    new Response(child.stdout as never).text(),
    once(child, 'exit'),
  ]);
  return (JSON.parse(text) as { token: string }).token;
}

/** The first line that a port says within two seconds. */
async function banner(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(2000, () => socket.destroy(new Error('silent')));
  try {
    const [data] = await once(socket, 'data');
    return String(data);
  } finally {
    socket.destroy();
  }
}
