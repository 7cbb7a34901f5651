import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '../../src/agent/system/process-table.ts';
import { opensshFingerprint } from '../../src/domain/public-key.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { AgentHost, MODES } from './support/agent-host.ts';
import type { CustomerProxy } from './support/customer-proxy.ts';
import { isOpen, listenTo, startGreeter, untilOpen } from './support/greeter.ts';
import { run } from './support/run.ts';
import { World } from './support/world.ts';

suite('a tunnel server', { concurrency: true }, () => {
  for (const mode of MODES) {
    suite(`what befalls a tunnel server, sshd as ${mode}`, { concurrency: 1 }, () => {
      let world: World;
      let database: Awaited<ReturnType<typeof startGreeter>>;

      beforeEach(async () => {
        database = await startGreeter();
        world = await World.make(mode);
        await world.startAgent();
      });
      afterEach(async () => {
        await world.remove();
        database.stop();
        assert.deepEqual(world.controlPlane.faults, []);
      });

      const connected = async () => {
        const proxy = await world.enrolled();
        proxy.connect(database.port);
        await up(proxy);
        return proxy;
      };
      const up = ({ key }: CustomerProxy) =>
        world.controlPlane.until(key.tunnel, ({ session }) => session === 'up');
      const down = ({ key }: CustomerProxy) =>
        world.controlPlane.until(key.tunnel, ({ session }) => session === 'down');
      const sshdPid = () =>
        Number(readFileSync(join(world.agent.stateFolder, 'sshd.pid'), 'latin1'));
      const carries = async ({ key }: CustomerProxy) =>
        assert.equal(await listenTo(key.port), 'hello');
      const newSshd = async (old: number) => {
        await until('sshd is back', () => sshdOrNone(sshdPid) !== old, 60_000, 10);
      };

      test('removing a key ends its sessions at once, and no other', async () => {
        const [removed, other] = [await connected(), await connected()];
        world.controlPlane.removeKey(removed.key.fingerprint);
        await down(removed);
        await untilOpen(removed.key.port, false);
        await carries(other);
        assert.match((await run('ssh', removed.arguments('-N'))).output, /Permission denied/);
      });

      test('a key file that is gone, or a port never opened, ends a session', async () => {
        const [proxy, idle] = [await connected(), await world.enrolled()];
        const idling = run('ssh', idle.arguments('-N'), { timeout: 60_000 });
        const file = opensshFingerprint(proxy.key.fingerprint);
        await rm(join(world.agent.stateFolder, 'keys', file));
        await down(proxy);
        assert.equal((await idling).code, 255);
      });

      test('a forged line of the log moves no session to another key', async () => {
        const [victim, other] = [await connected(), await connected()];
        const { session_id } = await up(victim);
        const pid = session_id.split('-')[1];
        const forged = (to: string | number | undefined) =>
          `auth.c:auth_log():298 (pid=${to}): Accepted publickey for ${world.agent.login} from ` +
          `127.0.0.1 port 1 ssh2: ED25519 ${opensshFingerprint(other.key.fingerprint)}\r\n`;
        const strangers = [1, process.pid, sshdPid()];
        const lines = [pid, ...strangers].map(forged).join('');
        await appendFile(join(world.agent.stateFolder, 'sshd.log'), lines);
        await sleep(300);
        world.controlPlane.removeKey(other.key.fingerprint);
        await down(other);
        await sleep(300);
        await carries(victim);
        assert.equal((await up(victim)).session_key, victim.key.fingerprint);
      });

      test('the old key of a changed pair goes, the new one stays', async () => {
        const old = await connected();
        const { tunnel, port } = old.key;
        const fresh = await world.enrolled({ tunnel, port });
        world.controlPlane.removeKey(old.key.fingerprint);
        await down(old);
        fresh.connect(database.port);
        assert.equal((await up(fresh)).session_key, fresh.key.fingerprint);
      });

      test('sshd killed: it comes back, live tunnels stay', async () => {
        const proxy = await connected();
        const { session_id } = await up(proxy);
        const old = sshdPid();
        process.kill(old, 'SIGKILL');
        await newSshd(old);
        await carries(proxy);
        await carries(await connected());
        assert.equal((await up(proxy)).session_id, session_id);
        // Its processes are orphans now, and still end with their key.
        world.controlPlane.removeKey(proxy.key.fingerprint);
        await down(proxy);
      });

      test('the agent frozen: logins and live tunnels go on', async () => {
        const [live, late] = [await connected(), await world.enrolled()];
        world.agent.child?.kill('SIGSTOP');
        await carries(live);
        late.connect(database.port);
        await untilOpen(late.key.port);
        await carries(late);
        world.agent.child?.kill('SIGCONT');
        await up(late);
      });

      test('the agent killed: the next one takes over sshd and its sessions', async () => {
        const proxy = await connected();
        const { session_id, session_since } = await up(proxy);
        const pid = sshdPid();
        await world.agent.kill();
        await carries(proxy);
        world.controlPlane.reports.length = 0;
        await world.startAgent();
        assert.equal(sshdPid(), pid);
        assert.equal(world.controlPlane.joins.length, 1);
        const after = await up(proxy);
        assert.deepEqual([after.session_id, after.session_since], [session_id, session_since]);
        assert.equal(after.session_key, proxy.key.fingerprint);
      });

      // As root no agent stops a login: there is the hook.
      if (mode !== 'root') {
        test('a login that an agent stopped goes on with the next one', async () => {
          const proxy = await connected();
          const monitor = Number((await up(proxy)).session_id.split('-')[1]);
          // By then an agent no longer takes it for a login that comes.
          await sleep(11_000);
          await world.agent.kill();
          for (const pid of childrenOf(monitor)) process.kill(pid, 'SIGSTOP');
          await world.startAgent();
          await carries(proxy);
        });
      }

      test('an sshd of another configuration is replaced, live tunnels stay', async () => {
        const proxy = await connected();
        const pid = sshdPid();
        await world.agent.stop(false);
        world.controlPlane.reports.length = 0;
        const port = await rewriteMembership(join(world.agent.stateFolder, 'membership.json'));
        await world.startAgent();
        assert.notEqual(sshdPid(), pid);
        assert.notEqual(port, world.controlPlane.region.port);
        assert.equal(await isOpen(world.controlPlane.region.port), false);
        await carries(proxy);
        await up(proxy);
      });

      test('without the control plane: tunnels stay, and a cold start lets them in', async () => {
        const proxy = await connected();
        const { url } = world.controlPlane;
        await world.controlPlane.stop();
        await carries(proxy);
        await world.agent.stop(true);
        assert.equal(await listenTo(proxy.key.port), undefined);
        await proxy.disconnect();
        const starting = world.agent.start(url);
        const { port } = world.controlPlane.region;
        await untilOpen(port);
        proxy.connect(database.port);
        await untilOpen(proxy.key.port);
        await carries(proxy);
        await world.controlPlane.start();
        await starting;
        await up(proxy);
      });

      test('a stranger on a tunnel port: taken, and never probed', async () => {
        const proxy = await world.enrolled();
        let visitors = 0;
        const stranger = createServer((socket) => {
          visitors += 1;
          socket.destroy();
        }).listen(proxy.key.port, '127.0.0.1');
        const taken = ({ session, reason }: { session: string; reason: string }) =>
          session === 'taken' && reason === 'port-taken';
        const row = await world.controlPlane.until(proxy.key.tunnel, taken);
        assert.deepEqual([row.session_id, row.database], ['', 'unprobed']);
        await sleep(300);
        assert.equal(visitors, 0);
        stranger.close();
        await down(proxy);
      });

      test('a second agent on the same folder is refused', async () => {
        const second = new AgentHost(mode, world.agent.stateFolder);
        await assert.rejects(second.start(world.controlPlane.url), { code: 'conflict' });
        await second.remove();
      });

      test('a stop that ends sessions leaves nothing that listens', async () => {
        const proxy = await connected();
        const pid = sshdPid();
        await world.agent.stop(true);
        assert.equal(await listenTo(proxy.key.port), undefined);
        assert.equal(await isOpen(world.controlPlane.region.port), false);
        assert.throws(() => process.kill(pid, 0));
      });
    });
  }
});

function sshdOrNone(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Gives the region another port, as if it had been joined with it. */
async function rewriteMembership(path: string): Promise<number> {
  const membership = JSON.parse(readFileSync(path, 'utf8'));
  membership.region.port = await freePort();
  await writeFile(path, JSON.stringify(membership));
  return membership.region.port;
}

for (const mode of MODES) {
  test(`a port of another process is named, and never taken for sshd's, as ${mode}`, async () => {
    const world = await World.make(mode);
    const { port } = world.controlPlane.region;
    const stranger = createServer().listen(port, '127.0.0.1');
    try {
      const start = world.startAgent();
      await assert.rejects(start, { code: 'unavailable', detail: /Address already in use/ });
    } finally {
      stranger.close();
      await world.remove();
    }
  });
}
