import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { ownAddress } from '../support/own-address.ts';
import { startGreeter } from './support/greeter.ts';
import { probe, probeGreeter, prober } from './support/probe.ts';

const run = promisify(execFile);
const HERE = ownAddress();

suite('the probe of a real MariaDB', () => {
  test('a hundred probes in a row never get their host blocked', async () => {
    const server = await startMariadb(await freePort(), ['--max-connect-errors=5']);
    await server.sql(`create user 'client'@'%' identified by 'secret'`);
    for (let count = 0; count < 100; count += 1) {
      assert.equal(await probe('mysql', server.port, HERE), 'answers');
    }
    assert.equal(await logIn(server), '1\n');
    // Each was a login that failed, and none an unfinished one.
    assert.match(await server.sql(`show global status like 'Access_denied_errors'`), /\t100\n$/);
    await server.stop();
  });

  test('left unfinished, a few handshakes do get it blocked; then it refuses', async () => {
    const server = await startMariadb(await freePort(), ['--max-connect-errors=5']);
    await server.sql(`create user 'client'@'%' identified by 'secret'`);
    for (let count = 0; count < 6; count += 1) await leaveUnfinished(server);
    await assert.rejects(logIn(server), /is blocked because of many connection errors/);
    const seen = await prober.probe({ type: 'mysql', host: HERE, port: server.port });
    assert.equal(seen?.reason, 'host-blocked');
    assert.match(seen?.words ?? '', /^Host '.+' is blocked because of many connection errors/);
    await server.sql('flush hosts');
    assert.equal(await probe('mysql', server.port, HERE), 'answers');
    await server.stop();
  });

  test('it refuses a host that no user may come from, and everyone when it is full', async () => {
    const server = await startMariadb(await freePort(), ['--max-connections=10']);
    await server.sql(`delete from mysql.global_priv where user != 'root' or host != 'localhost'`);
    await server.sql('flush privileges');
    assert.equal(await probe('mysql', server.port, HERE), 'refuses host-refused');
    assert.equal(await probe('mysql', server.port), 'answers');
    const sockets = Array.from({ length: 11 }, () => connect(server.port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => new Promise((heard) => socket.once('data', heard))));
    assert.equal(await probe('mysql', server.port), 'refuses too-many-connections');
    for (const socket of sockets) socket.destroy();
    await server.stop();
  });

  test('one that demands TLS answers, and counts no probe', async () => {
    const options = ['--require-secure-transport=ON', '--max-connect-errors=1'];
    const server = await startMariadb(await freePort(), options);
    await server.sql(`create user 'client'@'%' identified by 'secret'`);
    for (let count = 0; count < 20; count += 1) {
      assert.equal(await probe('mysql', server.port, HERE), 'answers');
    }
    await server.stop();
  });

  test('a user without a name lets nobody in who knocks, and the plugins of others do not matter', async () => {
    const options = ['--plugin-load-add=auth_ed25519', '--plugin-maturity=unknown'];
    const server = await startMariadb(await freePort(), [...options, '--max-connect-errors=1']);
    await server.sql(`create user ''@'%'`);
    await server.sql(`create user 'other'@'%' identified via ed25519 using password('secret')`);
    for (let count = 0; count < 20; count += 1) {
      assert.equal(await probe('mysql', server.port, HERE), 'answers');
    }
    assert.match(await server.sql(`show global status like 'Access_denied_errors'`), /\t20\n$/);
    // Named as the one there is, the server asks for another plugin's proof in the middle.
    await server.sql(`rename user 'other'@'%' to 'culvert-probe'@'%'`);
    for (let count = 0; count < 20; count += 1) {
      assert.equal(await probe('mysql', server.port, HERE), 'answers');
    }
    await server.stop();
  });
});

suite('the probe of a MySQL, as its documents have it', { concurrency: true }, () => {
  test('another proof that it asks for is given, of the right length, until it refuses', async () => {
    const heard: Buffer[] = [];
    const says = [
      Buffer.concat([
        Buffer.from([0xfe]),
        Buffer.from('caching_sha2_password\0'),
        Buffer.alloc(21, 7),
      ]),
      Buffer.from([0x01, 0x04]),
      denied(1045),
    ];
    const greeter = await startGreeter((socket) => {
      socket.write(packet(greeting('sha256_password'), 0));
      socket.on('data', (bytes: Buffer) => {
        heard.push(bytes);
        const said = says.shift();
        if (said) socket.write(packet(said, 2 * heard.length));
      });
    });
    assert.equal(await probe('mysql', greeter.port), 'answers');
    greeter.stop();
    assert.deepEqual(says, []);
    assert.deepEqual(
      heard.map((bytes) => bytes[3]),
      [1, 3, 5],
    );
    assert.match(
      heard[0]?.toString('latin1', 36) ?? '',
      /^culvert-probe\0 [\s\S]{32}sha256_password\0$/,
    );
    assert.equal(heard[1]?.length, 4 + 32);
  });

  test('one that closes or says nothing in the middle has not answered', async () => {
    const greet = packet(greeting('mysql_native_password'), 0);
    const seen = await Promise.all([
      probeGreeter('mysql', (socket) => socket.write(greet)),
      probeGreeter('mysql', (socket) => {
        socket.write(greet);
        socket.once('data', () => socket.end());
      }),
    ]);
    assert.deepEqual(seen, ['silent no-answer', 'closed closed-at-once']);
  });

  test('whatever else it says instead of a greeting is a refusal', async () => {
    const refusal = packet(denied(1053), 0);
    assert.equal(await probeGreeter('mysql', (socket) => socket.write(refusal)), 'refuses refused');
  });
});

suite('the probe of what is no MySQL', { concurrency: true }, () => {
  test('it waits for a greeting, and knows it from others', async () => {
    assert.equal(await probeGreeter('mysql', () => {}), 'silent no-answer');
    const others = [
      'SSH-2.0-OpenSSH_9.2\r\n',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '\x05\0\0\0\nabcd',
    ];
    for (const other of others) {
      const seen = await probeGreeter('mysql', (socket) => socket.write(other));
      assert.equal(seen, 'silent wrong-protocol', other);
    }
  });

  test('the words of a refusal are one line, escaped and not too long', async () => {
    const words = `Too many\nconnections\x1b[2J \\ ${'x'.repeat(500)}`;
    const body = Buffer.concat([Buffer.from('ff1004', 'hex'), Buffer.from(words)]);
    const header = Buffer.from([body.length & 0xff, body.length >> 8, 0, 0]);
    const greeter = await startGreeter((socket) => socket.write(Buffer.concat([header, body])));
    const seen = await prober.probe({ type: 'mysql', host: '127.0.0.1', port: greeter.port });
    greeter.stop();
    assert.equal(seen?.reason, 'too-many-connections');
    assert.match(seen?.words ?? '', /^Too many\\x0aconnections\\x1b\[2J \\\\ x+$/);
    assert.equal(seen?.words?.length, 200);
  });
});

function packet(body: Buffer, sequence: number): Buffer {
  return Buffer.concat([Buffer.from([body.length, 0, 0, sequence]), body]);
}

function denied(code: number): Buffer {
  return Buffer.from([0xff, code & 0xff, code >> 8, ...Buffer.from('#HY000no')]);
}

/** HandshakeV10 of a MySQL 8. */
function greeting(plugin: string): Buffer {
  return Buffer.concat([
    Buffer.from('\n8.4.3\0'),
    Buffer.from('08000000 0102030405060708 00 ffff ff 0200 ffdf 15'.replaceAll(' ', ''), 'hex'),
    Buffer.alloc(10),
    Buffer.alloc(12, 9),
    Buffer.from(`\0${plugin}\0`),
  ]);
}

async function logIn(server: Mariadb): Promise<string> {
  const place = ['--no-defaults', '--skip-ssl', '-h', HERE, '-P', `${server.port}`, '-u', 'client'];
  const options = { env: { ...process.env, MYSQL_PWD: 'secret' } };
  return (await run('mariadb', [...place, '-N', '-e', 'select 1'], options)).stdout;
}

async function leaveUnfinished(server: Mariadb): Promise<void> {
  const socket = connect(server.port, HERE);
  await new Promise((heard) => socket.once('data', heard));
  socket.destroy();
  await new Promise((closed) => socket.once('close', closed));
}
