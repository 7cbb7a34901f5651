import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { Prober } from '../../src/agent/probes/index.ts';
import { freePort } from '../support/free-port.ts';
import { startPostgres } from '../support/postgres.ts';
import { probe, probeGreeter } from './support/probe.ts';

suite('probes of a real PostgreSQL', () => {
  test('a PostgreSQL that lets the host in answers, whatever it thinks of the role', async () => {
    const lines = ['host all all all trust', 'host all all all scram-sha-256'];
    for (const hba of [...lines, 'host all somebody all reject\nhost all all all md5']) {
      const server = await startPostgres({ hba });
      assert.equal(await probe('postgresql', server.port), 'answers', hba);
      await server.stop();
    }
  });

  test('a PostgreSQL whose pg_hba.conf has no line for the host, or rejects it, refuses', async () => {
    for (const hba of ['host all all 192.0.2.1/32 trust', 'host all all all reject']) {
      const server = await startPostgres({ hba });
      assert.equal(await probe('postgresql', server.port), 'refuses host-refused', hba);
      await server.stop();
    }
  });

  test('a PostgreSQL that asks for TLS answers under TLS', async () => {
    const server = await startPostgres({ hba: 'hostnossl all all all trust' });
    const wrapper = await startTlsInFrontOf(server.port);
    assert.equal(await probe('postgresql', wrapper.port), 'answers');
    wrapper.stop();
    await server.stop();
  });
});

suite('probes of what is no PostgreSQL', { concurrency: true }, () => {
  test('nobody listens, or the proxy closes: closed', async () => {
    const port = await freePort();
    assert.equal(await probe('postgresql', port), 'closed connection-refused');
    assert.equal(await probe('tcp', port), 'closed connection-refused');
    for (const type of ['postgresql', 'tcp'] as const) {
      assert.equal(await probeGreeter(type, (socket) => socket.end()), 'closed closed-at-once');
    }
  });

  test('nothing comes: silent for PostgreSQL, enough for plain TCP', async () => {
    const silence = () => {};
    const [postgresql, tcp] = await Promise.all([
      probeGreeter('postgresql', silence),
      probeGreeter('tcp', silence),
    ]);
    assert.equal(postgresql, 'silent no-answer');
    assert.equal(tcp, 'answers');
  });

  test('another protocol is not PostgreSQL', async () => {
    const greetings = ['SSH-2.0-OpenSSH_9.2\r\n', 'J\0\0\0\n8.0.36\0', 'x'.repeat(100_000)];
    for (const greeting of greetings) {
      const seen = await probeGreeter('postgresql', (socket) => socket.write(greeting));
      assert.equal(seen, 'silent wrong-protocol', greeting.slice(0, 9));
    }
  });

  test('an answer that never ends is cut off', async () => {
    const endless = Buffer.from('E\x7f\xff\xff\xff', 'latin1');
    const seen = await probeGreeter('postgresql', (socket) => {
      socket.once('data', () => {
        socket.write('N');
        socket.once('data', () => socket.write(Buffer.concat([endless, Buffer.alloc(65_536)])));
      });
    });
    assert.equal(seen, 'silent wrong-protocol');
  });
});

test('the probe process has no environment, no root, and is started again when it dies', async () => {
  const prober = new Prober();
  const probe = (port: number) => prober.probe({ type: 'tcp', host: '127.0.0.1', port });
  const port = await freePort();
  await probe(port);
  const [pid] = execFileSync('pgrep', ['-P', `${process.pid}`, '-f', 'probe-process'], {
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .map(Number);
  assert.ok(pid);
  const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  assert.deepEqual(
    environment.filter((line) => line !== '' && !line.startsWith('NODE_CHANNEL')),
    [],
  );
  assert.doesNotMatch(readFileSync(`/proc/${pid}/status`, 'latin1'), /^Uid:\s+0/m);
  process.kill(pid, 'SIGKILL');
  await probe(port);
  assert.equal((await probe(port))?.reason, 'connection-refused');
  prober.stop();
});

/** A PostgreSQL that speaks TLS when asked, made of one that does not: the letter, then a TLS end. */
async function startTlsInFrontOf(port: number): Promise<{ port: number; stop(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-tls-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const subject = ['-subj', '/CN=localhost', '-days', '2'];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert],
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  const inner = createTlsServer(options, (secure) => {
    const database = connect(port, '127.0.0.1');
    secure.pipe(database).pipe(secure);
    for (const end of [secure, database]) end.on('error', () => {});
  });
  const outer = createServer((socket) => {
    socket.once('data', () => {
      socket.write('S');
      inner.emit('connection', socket);
    });
    socket.on('error', () => {});
  });
  outer.listen(0, '127.0.0.1');
  await new Promise((resolve) => outer.once('listening', resolve));
  const address = outer.address() as { port: number };
  return { port: address.port, stop: () => outer.close() };
}
