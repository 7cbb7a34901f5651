import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOpen, listenTo, startGreeter } from '../agent/support/greeter.ts';
import { compileHost } from './support/compile-host.ts';
import { Front } from './support/front.ts';
import { HostProcess } from './support/host-process.ts';
import { Vendor } from './support/vendor.ts';

const folder = mkdtempSync(join(tmpdir(), 'culvert-windows-'));
const data = join(folder, 'data');
const [program, vendor] = await Promise.all([compileHost(folder), Vendor.make()]);
const stops: (() => unknown)[] = [];
after(async () => {
  for (const stop of stops) await stop();
  await vendor.remove();
  rmSync(folder, { recursive: true, force: true });
});

const greeter = async (...greet: Parameters<typeof startGreeter>) => {
  const started = await startGreeter(...greet);
  stops.push(started.stop);
  return started.port;
};
const database = await greeter();
const closed = await startGreeter();
closed.stop();

/** An HTTP proxy that answers so, as the file `http-proxy`. */
const httpProxy = async (answer: string) =>
  `127.0.0.1\n${await greeter((socket) => socket.once('data', () => socket.end(answer)))}\n`;

/** What is wrong with a tunnel, by its name, and how its reason begins. */
const wrong: Record<string, [() => Promise<unknown>, RegExp]> = {
  settings: [
    async () => {
      const { folder } = await vendor.tunnel(data, 'settings', database);
      folder.write('ssh_config', 'NoSuchOption yes\n');
    },
    /^ssh does not accept its settings\./,
  ],
  'host-key': [
    () => vendor.tunnel(data, 'host-key', database, { hostKeys: [] }),
    /^The server's host key is not one of those pinned here\./,
  ],
  // ssh then says last that its key was refused, for it had none to show.
  'unreadable-key': [
    async () =>
      (await vendor.tunnel(data, 'unreadable-key', database)).folder.write('key', 'not a key\n'),
    /^ssh cannot use the private key\./,
  ],
  'open-key': [
    async () => {
      const { folder } = await vendor.tunnel(data, 'open-key', database);
      chmodSync(join(folder.path, 'key'), 0o644);
    },
    /^ssh cannot use the private key\./,
  ],
  'unknown-key': [
    async () => vendor.tunnel(data, 'unknown-key', database, { proxy: await vendor.world.proxy() }),
    /^The tunnel server refuses this host's key\./,
  ],
  'port-taken': [
    async () => {
      const { tunnelPort } = await vendor.tunnel(data, 'port-taken', database);
      const taker = createServer().listen(tunnelPort, '127.0.0.1');
      stops.push(() => taker.close());
    },
    /^The tunnel's port is in use on the tunnel server,/,
  ],
  password: [
    async () => {
      const answer = 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n';
      await vendor.tunnel(data, 'password', database, { httpProxy: await httpProxy(answer) });
    },
    /^The HTTP proxy wants another user or password:/,
  ],
  forbidden: [
    async () => {
      const answer = 'HTTP/1.1 403 Forbidden\r\n\r\n';
      await vendor.tunnel(data, 'forbidden', database, { httpProxy: await httpProxy(answer) });
    },
    /^The HTTP proxy does not let this host through/,
  ],
  name: [
    () => vendor.tunnel(data, 'name', database, { host: 'no.such.invalid' }),
    /^The tunnel server's name cannot be resolved\./,
  ],
  refused: [
    () => vendor.tunnel(data, 'refused', database, { port: closed.port }),
    /^Nothing accepts connections there:/,
  ],
  silent: [
    async () => vendor.tunnel(data, 'silent', database, { port: await greeter(() => {}) }),
    /^There is no way there at the moment:/,
  ],
  'not-ssh': [
    async () =>
      vendor.tunnel(data, 'not-ssh', database, { port: await greeter((socket) => socket.end()) }),
    /^Something closes the connection at once:/,
  ],
  lost: [
    async () => {
      const front = await Front.to(vendor.port);
      stops.push(() => front.close());
      const { tunnelPort } = await vendor.tunnel(data, 'lost', database, { port: front.port });
      void untilOpenThen(tunnelPort, () => front.close());
    },
    /^Nothing accepts connections there:/,
  ],
  removed: [
    async () => {
      const proxy = await vendor.enrolled();
      await vendor.tunnel(data, 'removed', database, { proxy });
      const { controlPlane } = vendor.world;
      void untilOpenThen(proxy.key.port, () => controlPlane.removeKey(proxy.key.fingerprint));
    },
    /^The tunnel server refuses this host's key\./,
  ],
  hostile: [
    async () => {
      const answer = `HTTP/1.1 5\u001b3 \u001b]0;evil\u0007\r\n\r\n`;
      await vendor.tunnel(data, 'hostile', database, { httpProxy: await httpProxy(answer) });
    },
    /^The HTTP proxy does not let this host through/,
  ],
};

test('each thing that can be wrong is named in plain words, with what ssh said of it', async (t) => {
  for (const [name, [spoil]] of Object.entries(wrong)) {
    await spoil();
    writeFileSync(join(data, name, 'wanted'), '1');
  }
  const unreachable = await vendor.tunnel(data, 'unreachable', closed.port);
  unreachable.folder.want('1');
  const host = new HostProcess(program, data);
  stops.unshift(() => host.stop());

  await Promise.all(
    Object.entries(wrong).map(([name, [, reason]]) =>
      t.test(name, async () => {
        const isNamed = (state: { state?: string; reason?: string }) =>
          state.state === 'waiting' && reason.test(state.reason ?? '');
        await host.until(name, isNamed, 40_000);
        const text = readFileSync(join(data, name, 'state'), 'latin1');
        assert.match(
          text,
          /^state=\w+\nsince=\d{10}\n(pid=\d+\n)?reason=[ -~]+\nsaid=[ -~]{1,200}\n$/,
        );
      }),
    ),
  );
  assert.equal(host.linesOf('lost', /^up$/).length, 1);
  assert.match(
    host.linesOf('lost', /^down/)[0]?.line ?? '',
    /^down: (The connection was lost on the way|The tunnel server has ended the connection)\./,
  );
  assert.match(
    host.linesOf('removed', /^down/)[0]?.line ?? '',
    /^down: The tunnel server has ended the connection\. .*\(ssh: .*closed by remote host\.\)/,
  );
  assert.match(host.stateOf('hostile').said ?? '', /^connect: HTTP proxy .*\(status 5\?3\)$/);

  await host.until('unreachable', ({ state }) => state === 'up');
  for (let knock = 0; knock < 3; knock += 1) await listenTo(unreachable.tunnelPort);
  await sleep(500);
  const said = host.linesOf('unreachable', /cannot reach the database/);
  assert.equal(said.length, 1, 'once in a run of ssh, however often the vendor knocks');
});

test('an ssh that cannot be run is said, and the host goes on', async () => {
  const at = join(folder, 'without-ssh');
  mkdirSync(join(at, 'orders'), { recursive: true });
  writeFileSync(join(at, 'orders', 'wanted'), '1');
  const host = new HostProcess(program, at, { ssh: '/nonexistent/ssh' });
  stops.unshift(() => host.stop());
  const { reason } = await host.until('orders', ({ state }) => state === 'waiting');
  assert.equal(reason, 'ssh cannot be run.');
  assert.match(host.said[0]?.line ?? '', /^host: started with \/nonexistent\/ssh, which cannot/);
  assert.equal(await host.stop(), 0);
});

async function untilOpenThen(port: number, act: () => unknown): Promise<void> {
  while (!(await isOpen(port))) await sleep(50);
  await act();
}
