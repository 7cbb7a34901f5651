import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { ownAddress } from '../support/own-address.ts';
import { startRedis } from '../support/redis.ts';
import { probe, probeGreeter, prober } from './support/probe.ts';

const HERE = ownAddress();

suite('the probe of a real Redis', { concurrency: true }, () => {
  test('it answers, with a password as without', async () => {
    for (const options of [[], ['--requirepass', 'secret']]) {
      const server = await startRedis(await freePort(), options);
      assert.equal(await probe('redis', server.port), 'answers', options.join(' '));
      await server.stop();
    }
  });

  test('in protected mode it refuses other hosts, with its own words', async () => {
    const server = await startRedis(await freePort(), ['--protected-mode', 'yes', '--bind', '*']);
    assert.equal(await probe('redis', server.port), 'answers');
    const seen = await prober.probe({ type: 'redis', host: HERE, port: server.port });
    assert.equal(`${seen?.database} ${seen?.reason}`, 'refuses host-refused');
    assert.match(seen?.words ?? '', /^DENIED Redis is running in protected mode/);
    await server.stop();
  });

  test('it refuses when it has too many clients', async () => {
    const server = await startRedis(await freePort(), ['--maxclients', '1']);
    const client = connect(server.port, '127.0.0.1');
    client.write('PING\r\n');
    await new Promise((heard) => client.once('data', heard));
    assert.equal(await probe('redis', server.port), 'refuses too-many-connections');
    client.destroy();
    await server.stop();
  });

  test('it answers under TLS where it wants TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'culvert-redis-'));
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const options = ['-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2'];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', ...options, ...files], { stdio: 'ignore' });
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    const port = await freePort();
    const tls = ['--tls-port', `${port}`, '--tls-key-file', key, '--tls-cert-file', cert];
    const server = await startRedis(0, [...tls, '--tls-auth-clients', 'no']);
    rmSync(folder, { recursive: true });
    assert.equal(await probe('redis', port), 'answers');
    await server.stop();
  });
});

test('what is no Redis is told from one', async () => {
  assert.equal(await probeGreeter('redis', () => {}), 'silent no-answer');
  const others = [
    'SSH-2.0-OpenSSH_9.2\r\n',
    '+OK POP3\r\n',
    '-\r\n',
    'HTTP/1.1 400 \r\n',
    '+'.repeat(9999),
  ];
  for (const other of others) {
    const seen = await probeGreeter('redis', (socket) => socket.end(other));
    assert.equal(seen, 'silent wrong-protocol', other.slice(0, 20));
  }
});
