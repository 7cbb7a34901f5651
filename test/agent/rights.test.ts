import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { ownAddresses } from '../support/own-address.ts';
import { MODES } from './support/agent-host.ts';
import type { CustomerProxy } from './support/customer-proxy.ts';
import { listenTo, startGreeter, untilOpen } from './support/greeter.ts';
import { run } from './support/run.ts';
import { World } from './support/world.ts';

suite('rights of a key', { concurrency: true }, () => {
  for (const mode of MODES) {
    // One after the other: a login with the same key would end another test's session.
    suite(`what a tunnel's key can not do, sshd as ${mode}`, { concurrency: 1 }, () => {
      let world: World;
      let proxy: CustomerProxy;
      let database: Awaited<ReturnType<typeof startGreeter>>;

      before(async () => {
        database = await startGreeter();
        world = await World.make(mode);
        await world.startAgent();
        proxy = await world.enrolled();
      });
      after(async () => {
        await world.remove();
        database.stop();
      });

      const refuse = async (...options: string[]) => {
        const { code, output } = await run('ssh', proxy.arguments(...options));
        assert.notEqual(code, 0, output);
        return output;
      };

      test('no shell, no command, no terminal', async () => {
        await refuse();
        await refuse('-tt');
        const mark = join(world.agent.folder, 'mark');
        const { code } = await run('ssh', [...proxy.arguments(), `touch ${mark}`]);
        assert.notEqual(code, 0);
        assert.equal(existsSync(mark), false);
      });

      test('no sftp', async () => {
        const { code } = await run('sftp', ['-b', '-', ...proxy.arguments()], { input: 'ls\n' });
        assert.notEqual(code, 0);
      });

      test('no connection into the network of the tunnel server (-W, -L, -D)', async () => {
        assert.match(await refuse('-W', `127.0.0.1:${database.port}`), /forwarding failed/);
        for (const kind of ['-L', '-D']) {
          const port = await freePort();
          const forward = kind === '-L' ? `${port}:127.0.0.1:${database.port}` : `${port}`;
          const client = spawn('ssh', proxy.arguments('-N', kind, forward), { stdio: 'ignore' });
          await untilOpen(port);
          const answer = await askThrough(port, kind === '-D' ? database.port : undefined);
          assert.doesNotMatch(answer, /hello/, kind);
          client.kill();
        }
      });

      test('no other port: a neighbour’s, a low one, any free one', async () => {
        const neighbour = await world.enrolled();
        for (const port of [neighbour.key.port, 80, 1023, 0]) {
          await refuse('-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${port}:127.0.0.1:1`);
        }
      });

      test('no other address: wildcard, IPv6, another one of the host', async () => {
        const { port } = proxy.key;
        for (const address of ['*', '0.0.0.0', '[::]', '[::1]', ...ownAddresses()]) {
          const forward = `${address}:${port}:127.0.0.1:1`;
          await refuse('-N', '-o', 'ExitOnForwardFailure=yes', '-R', forward);
        }
      });

      test('no socket, no network device', async () => {
        const path = join(world.agent.folder, 'socket');
        await refuse('-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${path}:127.0.0.1:1`);
        await refuse('-N', '-o', 'ExitOnForwardFailure=yes', '-w', '0:0');
      });

      test('no agent and no X11 forwarding: they belong to a session, and none opens', async () => {
        for (const option of ['-A', '-X']) {
          const { code } = await run('ssh', [...proxy.arguments(option), 'true']);
          assert.equal(code, 255);
        }
      });

      test('its tunnel port answers on no other address of the host', async () => {
        proxy.connect(database.port);
        await world.controlPlane.until(proxy.key.tunnel, ({ session }) => session === 'up');
        assert.equal(await listenTo(proxy.key.port), 'hello');
        const others = ['127.0.0.2', '::1', ...ownAddresses()];
        for (const address of others) {
          assert.equal(await listenTo(proxy.key.port, address), undefined, address);
        }
      });

      test('a pinned key logs in from its addresses alone, until it is unpinned', async () => {
        const sources = ['192.0.2.0/24', '2001:db8::/32', '::/0', '127.0.0.2/32'];
        const pinned = await world.enrolled({ sources });
        const elsewhere = await run('ssh', pinned.arguments('-N', '-b', '127.0.0.1'));
        assert.equal(elsewhere.code, 255);
        assert.match(elsewhere.output, /Permission denied/);
        pinned.connect(database.port, '-b', '127.0.0.2');
        await world.controlPlane.until(pinned.key.tunnel, ({ session }) => session === 'up');
        assert.equal(await listenTo(pinned.key.port), 'hello');
        await pinned.disconnect();
        await world.controlPlane.until(pinned.key.tunnel, ({ session }) => session === 'down');

        const line = pinned.key.line.replace(/,from="[^"]*"/, '');
        assert.notEqual(line, pinned.key.line);
        world.controlPlane.addKey({ ...pinned.key, line });
        await world.controlPlane.applied();
        pinned.connect(database.port, '-b', '127.0.0.1');
        await world.controlPlane.until(pinned.key.tunnel, ({ session }) => session === 'up');
        await pinned.disconnect();
      });

      test('a key that was never enrolled does not log in', async () => {
        const stranger = await world.proxy();
        const { code, output } = await run('ssh', stranger.arguments('-N'));
        assert.equal(code, 255);
        assert.match(output, /Permission denied/);
      });
    });
  }
});

/** What comes back from a local forwarding; by SOCKS when a port is to be asked for. */
async function askThrough(port: number, socksTo?: number): Promise<string> {
  if (socksTo === undefined) return (await listenTo(port)) ?? '';
  const url = `socks5://127.0.0.1:${port}`;
  const { output } = await run('curl', ['-sS', '--proxy', url, `telnet://127.0.0.1:${socksTo}`]);
  return output;
}
