import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that carries one SSH connection. */
export interface ConnectProgram {
  /** The folder is added to it. */
  argv: [string, ...string[]];
  /** How many processes it is while it carries one. */
  processes: number;
  /** What it may need to start and to end, beside a shell. */
  startMs: number;
  /** How often the case runs that depends on the moment. */
  rounds: number;
}

/** What every ProxyCommand of ours has to do, as tests of the file that calls this. */
export function testConnect({ argv, processes, startMs, rounds }: ConnectProgram): void {
  const [program, ...args] = argv;
  const folder = mkdtempSync(join(tmpdir(), 'culvert-connect-'));
  const servers: Server[] = [];

  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Listens on a free port of this machine; gives its line for `endpoints`. */
  async function listen(onConnection: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `127.0.0.1 ${(server.address() as AddressInfo).port}`;
  }

  async function closedPort(): Promise<string> {
    const endpoint = await listen(() => {});
    const server = servers.pop() as Server;
    server.close();
    await once(server, 'close');
    return endpoint;
  }

  function start(endpoints: string[], httpProxy?: string): ChildProcessWithoutNullStreams {
    writeFileSync(join(folder, 'endpoints'), endpoints.map((line) => `${line}\n`).join(''));
    rmSync(join(folder, 'http-proxy'), { force: true });
    if (httpProxy !== undefined) writeFileSync(join(folder, 'http-proxy'), httpProxy);
    return spawn(program, [...args, folder]);
  }

  /** Talks through it and hangs up: what came, what it said, its code, and how long that took. */
  async function talk(endpoints: string[], httpProxy?: string, words = 'hello') {
    const started = performance.now();
    const child = start(endpoints, httpProxy);
    const closed = once(child, 'close');
    const said = text(child.stderr);
    child.stdin.on('error', () => {});
    child.stdin.write(words);
    let came = '';
    child.stdout.on('data', (data) => {
      came += data;
      if (came.endsWith(words)) child.stdin.end();
    });
    const [code] = await closed;
    return { code, came, said: await said, tookMs: performance.now() - started };
  }

  test('the first endpoint is used, though others answer sooner', async () => {
    const endpoints = [
      await listen((socket) => setTimeout(() => echo('first', socket), 100)),
      await listen((socket) => echo('second', socket)),
    ];
    // A program that is slow to start may have used up the head start: then once more.
    let last = await talk(endpoints);
    for (let again = 0; again < 4 && last.came.includes('second'); again += 1) {
      last = await talk(endpoints);
    }
    const { code, came, said } = last;
    assert.deepEqual([code, came, said], [0, 'SSH-2.0-first\r\nhello', '']);
  });

  test('a dead, a silent and a wrong one are passed over at once or after half a second', async () => {
    const endpoints = [
      await closedPort(),
      await listen(() => {}),
      await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      await listen((socket) => echo('good', socket)),
    ];
    const { code, came, said, tookMs } = await talk(endpoints);
    assert.deepEqual([code, came, said], [0, 'SSH-2.0-good\r\nhello', '']);
    assert.ok(tookMs < 2500 + startMs, `${tookMs} ms`);
  });

  test('where none answers each is named with its reason, within 12 s', async () => {
    const dead = await closedPort();
    const silent = await listen(() => {});
    const { code, came, said, tookMs } = await talk([dead, silent, 'no.such.invalid 22']);
    assert.deepEqual([code, came], [1, '']);
    const named = (line: string) => `connect: tunnel server ${line.replace(' ', ' port ')}`;
    assert.equal(
      said,
      `${named(dead)}: the connection is refused\n${named(silent)}: no SSH server answers there\n` +
        'connect: tunnel server no.such.invalid port 22: its name does not resolve\n',
    );
    assert.ok(tookMs < 12_000 + startMs, `${tookMs} ms`);
  });

  test('an HTTP proxy gets the user as Basic, and an IPv6 address in brackets', async () => {
    const heard: string[] = [];
    const proxy = await listen(gate('HTTP/1.0 200 Connection established', heard));
    const [host, port] = proxy.split(' ');
    const { code, came } = await talk(['fd00::1 443'], `${host}\n${port}\nuser\np:"\\w é\n`);
    assert.deepEqual([code, came], [0, 'SSH-2.0-behind\r\nhello']);
    const basic = Buffer.from('user:p:"\\w é').toString('base64');
    assert.equal(
      heard[0],
      `CONNECT [fd00::1]:443 HTTP/1.1\r\nHost: [fd00::1]:443\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`,
    );
  });

  for (const [status, login, reason] of [
    [
      'HTTP/1.1 407 Proxy Authentication Required',
      'user\nsecret\n',
      'refused the user or the password',
    ],
    ['HTTP/1.1 407 Proxy Authentication Required', '', 'asks for a user and a password'],
    ['HTTP/1.1 403 Forbidden', '', 'does not allow connections to vendor port 50022'],
    ['HTTP/1.1 503 Service Unavailable', '', 'cannot connect to vendor port 50022 (status 503)'],
    ['SSH-2.0-OpenSSH', '', ': what answers there is not an HTTP proxy'],
  ] as const) {
    test(`an HTTP proxy's ${status.slice(0, 12)} ${login && 'with a user'} in plain words`, async () => {
      const proxy = await listen(gate(status, []));
      const [host, port] = proxy.split(' ');
      const { code, said } = await talk(['vendor 50022'], `${host}\n${port}\n${login}`);
      assert.equal(code, 1);
      assert.equal(
        said.replace('port: ', 'port '),
        `connect: HTTP proxy ${host} port ${port}${reason.startsWith(':') ? '' : ' '}${reason}\n`,
      );
    });
  }

  test('a connection that is reset, at whatever moment, is said in plain words alone', async () => {
    const reset = (socket: Socket) => socket.resetAndDestroy();
    const endpoint = await listen(reset);
    const [host, port] = endpoint.split(' ');
    for (let round = 0; round < rounds; round += 1) {
      const { said, tookMs } = await talk([endpoint]);
      assert.match(
        said,
        /^connect: tunnel server 127\.0\.0\.1 port \d+: no SSH server answers there\n$/,
      );
      const behind = await talk(['vendor 50022'], `${host}\n${port}\n`);
      assert.match(behind.said, /^connect: HTTP proxy 127\.0\.0\.1 port \d+: no answer .*\n$/);
      assert.ok(tookMs < 2000 + startMs && behind.tookMs < 2000 + startMs);
    }
  });

  test('a dead HTTP proxy is said once, however many endpoints are behind it', async () => {
    const [host, port] = (await closedPort()).split(' ');
    const { said } = await talk(['a 1', 'b 2', 'c 3'], `${host}\n${port}\n\n\n`);
    assert.equal(said, `connect: HTTP proxy ${host} port ${port}: the connection is refused\n`);
  });

  test('bytes pass as they are, both ways', async () => {
    const endpoint = await listen((socket) => echo('bytes', socket));
    const child = start([endpoint]);
    const sent = Buffer.from(Array.from({ length: 4_000_000 }, (_, index) => (index * 7) % 256));
    const chunks: Buffer[] = [];
    let length = 0;
    const done = new Promise<void>((resolve) => {
      child.stdout.on('data', (data: Buffer) => {
        chunks.push(data);
        length += data.length;
        if (length >= sent.length + 'SSH-2.0-bytes\r\n'.length) resolve();
      });
    });
    child.stdin.write(sent);
    await done;
    child.stdin.end();
    await once(child, 'close');
    assert.ok(Buffer.concat(chunks).subarray('SSH-2.0-bytes\r\n'.length).equals(sent));
  });

  test('it ends when the server hangs up, and when ssh is gone or tells it to', async () => {
    const sockets: Socket[] = [];
    const endpoint = await listen((socket) => {
      sockets.push(socket);
      echo('end', socket);
    });
    const endings: [string, (child: ChildProcessWithoutNullStreams) => void][] = [
      ['the server closes', () => sockets.at(-1)?.end()],
      ['the server resets', () => sockets.at(-1)?.resetAndDestroy()],
      ['ssh closes its end', (child) => child.stdin.end()],
      ['SIGHUP', (child) => child.kill('SIGHUP')],
      ['SIGTERM', (child) => child.kill('SIGTERM')],
      [
        'ssh is killed',
        (child) => {
          child.stdin.destroy();
          child.stdout.destroy();
        },
      ],
    ];
    for (const [what, end] of endings) {
      const child = start([endpoint]);
      await once(child.stdout, 'data');
      await sleep(100);
      const family = [child.pid as number, ...childrenOf(child.pid as number)];
      assert.equal(family.length, processes);
      const exited = once(child, 'exit');
      const started = performance.now();
      end(child);
      await exited;
      assert.ok(performance.now() - started < 1000 + startMs, what);
      await sleep(100);
      assert.deepEqual(family.filter(isAlive), [], what);
      // In the last case nothing reads standard error to its end otherwise.
      child.stderr.destroy();
    }
  });
}

/** An SSH server as far as this matters: it greets, and then sends back what it gets. */
function echo(name: string, socket: Socket): void {
  socket.write(`SSH-2.0-${name}\r\n`);
  socket.pipe(socket);
}

/** An HTTP proxy that answers with these lines, and then is the server itself. */
function gate(status: string, heard: string[]): (socket: Socket) => void {
  return (socket) => {
    let request = '';
    // A request may come in pieces; it ends with an empty line.
    const read = (data: Buffer) => {
      request += data;
      if (!request.endsWith('\r\n\r\n')) return;
      socket.off('data', read);
      heard.push(request);
      socket.write(`${status}\r\nVia: test\r\n\r\n`);
      if (/ 200/.test(status)) echo('behind', socket);
      else socket.end();
    };
    socket.on('data', read);
  };
}

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const own = list === '' ? [] : list.split(' ').map(Number);
  return [...own, ...own.flatMap(childrenOf)];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
