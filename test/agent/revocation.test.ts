import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { MODES } from './support/agent-host.ts';
import type { CustomerProxy } from './support/customer-proxy.ts';
import { isOpen, listenTo, startGreeter, untilOpen } from './support/greeter.ts';
import { World } from './support/world.ts';

/** Twice as long as whoever asks for the port takes to ask anew. */
const STAYS_CLOSED_MS = 100;
/** Other tests may hold both cores or the disk for seconds. */
const CLOSES_WITHIN_MS = 30_000;

for (const mode of MODES) {
  const times = mode === 'root' ? 100 : 20;
  suite(`revocation, sshd as ${mode}`, () => {
    let world: World;
    let database: Awaited<ReturnType<typeof startGreeter>>;

    before(async () => {
      database = await startGreeter();
      world = await World.make(mode);
      await world.startAgent();
    });
    after(async () => {
      await world.remove();
      database.stop();
      assert.deepEqual(world.controlPlane.faults, []);
    });

    /** A session that can be asked for its port again and again, and whoever asks, each 50 ms. */
    const connectAndAsk = async (proxy: CustomerProxy) => {
      const control = ['-o', `ControlPath=${join(world.agent.folder, `${proxy.key.port}`)}`];
      proxy.connect(database.port, '-M', ...control);
      await untilOpen(proxy.key.port);
      const forward = ['-O', 'forward', '-R', `${proxy.key.port}:127.0.0.1:${database.port}`];
      const ask = 'while kill -0 "$PPID"; do "$@" & sleep 0.05; done';
      const asking = spawn(
        'bash',
        ['-c', ask, 'bash', 'ssh', ...proxy.arguments(...control, ...forward)],
        { stdio: 'ignore', detached: true },
      );
      return async () => {
        process.kill(-(asking.pid as number), 'SIGKILL');
        if (asking.exitCode === null && asking.signalCode === null) await once(asking, 'exit');
      };
    };

    /**
     * When a port was open for the last time, by the clock of `performance`. It must not open again,
     * but for when a second session takes it from the first: then it is closed for a moment.
     */
    const lastOpenAt = async (port: number, isTaken: boolean) => {
      const begun = performance.now();
      let [openAt, wasClosed] = [begun, false];
      while (performance.now() - openAt < STAYS_CLOSED_MS) {
        if (await isOpen(port)) {
          assert.ok(isTaken || !wasClosed, 'it is open again');
          openAt = performance.now();
        } else {
          wasClosed = true;
        }
        assert.ok(openAt - begun < CLOSES_WITHIN_MS, `port ${port} is open yet`);
        await sleep(2);
      }
      return openAt;
    };

    test(`a removed key's port closes within a second and stays closed, ${times} times`, async (t) => {
      const other = await world.enrolled();
      other.connect(database.port);
      await untilOpen(other.key.port);
      const { port } = (await world.proxy()).key;
      const took: number[] = [];
      for (let time = 0; time < times; time++) {
        const proxy = await world.enrolled({ port });
        const stopAsking = await connectAndAsk(proxy);
        // Another one logs in with the same key at that moment.
        const isTaken = time % 2 === 1;
        if (isTaken) proxy.connect(database.port);
        await sleep(time % 7 === 0 ? 150 : 30);
        const removed = performance.now();
        world.controlPlane.removeKey(proxy.key.fingerprint);
        while (world.controlPlane.answeredAt < removed) await sleep(1);
        took.push((await lastOpenAt(proxy.key.port, isTaken)) - world.controlPlane.answeredAt);
        await stopAsking();
        await proxy.disconnect('SIGKILL');
      }
      const sorted = took.toSorted((a, b) => a - b);
      const [worst = 0, nearlyWorst = 0] = [sorted.at(-1), sorted.at(-Math.ceil(times / 20))];
      t.diagnostic(`19 of 20 within ${nearlyWorst.toFixed()} ms, at worst ${worst.toFixed()} ms`);
      // Alone it takes 172 ms at worst, and the bench of the same name holds the second.
      assert.ok(nearlyWorst < 1000, `${nearlyWorst} ms`);
      assert.equal(await listenTo(other.key.port), 'hello');
      await other.disconnect();
    });

    test('no session of a removed key is left, whether or not it listens', async () => {
      const [proxy, idle] = [await world.enrolled(), await world.enrolled()];
      proxy.connect(database.port);
      await untilOpen(proxy.key.port);
      idle.logIn();
      await sleep(1000);
      assert.deepEqual([proxy.running, idle.running], [1, 1]);
      world.controlPlane.removeKey(proxy.key.fingerprint);
      world.controlPlane.removeKey(idle.key.fingerprint);
      await until('no session is left', () => proxy.running + idle.running === 0);
    });
  });
}
