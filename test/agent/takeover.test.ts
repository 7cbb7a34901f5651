import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { MODES } from './support/agent-host.ts';
import type { CustomerProxy } from './support/customer-proxy.ts';
import { listenTo, startGreeter, untilOpen } from './support/greeter.ts';
import { socketOf, timeTakeover } from './support/time-takeover.ts';
import { World } from './support/world.ts';

/** How long the first of two hosts has a port before the other comes. */
const FIRST_HELD_MS = 10_000;

for (const mode of MODES) {
  suite(`the newest session has the port, sshd as ${mode}`, { concurrency: 1 }, () => {
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

    const takeOver = (proxy: CustomerProxy) => timeTakeover(world, proxy, database.port);

    /** Takes a port over again and again, each time from a client that is frozen. */
    const takeOverFromFrozen = async (times: number, onConnected = () => {}) => {
      const [proxy, other] = [await world.enrolled(), await world.enrolled()];
      other.connect(database.port);
      await untilOpen(other.key.port);
      const untouched = socketOf(other);
      proxy.connect(database.port);
      await untilOpen(proxy.key.port);
      onConnected();
      const took: number[] = [];
      let lost = 0;
      for (let time = 0; time < times; time++) {
        proxy.signal('SIGSTOP');
        const first = await takeOver(proxy);
        if (first !== undefined) took.push(first);
        else await retry(proxy);
        lost += first === undefined ? 1 : 0;
        await proxy.endEarlier();
      }
      assert.equal(await listenTo(proxy.key.port), 'hello');
      assert.equal(socketOf(other), untouched);
      assert.equal(await listenTo(other.key.port), 'hello');
      await Promise.all([proxy.disconnect(), other.disconnect()]);
      took.sort((a, b) => a - b);
      const [middle = 0, worst = 0] = [took[took.length >> 1], took.at(-1)];
      return { lost, middle: Math.round(middle), worst: Math.round(worst) };
    };

    /** Tries as a proxy does, for a third of the time that sshd itself would take to see it. */
    const retry = async (proxy: CustomerProxy) => {
      for (const end = Date.now() + 60_000; Date.now() < end; await sleep(300)) {
        if ((await takeOver(proxy)) !== undefined) return;
      }
      assert.fail('no login got the port within a minute');
    };

    if (mode === 'root') {
      for (const [agent, times] of [
        ['at work', 100],
        ['frozen', 20],
      ] as const) {
        test(`the first login takes it over from a frozen client, ${times} of ${times} times, the agent ${agent}`, async (t) => {
          t.after(() => world.agent.child?.kill('SIGCONT'));
          const result = await takeOverFromFrozen(times, () => {
            if (agent === 'frozen') world.agent.child?.kill('SIGSTOP');
          });
          t.diagnostic(JSON.stringify(result));
          assert.equal(result.lost, 0);
          // Other tests run beside this one, and most of the time is theirs.
          assert.ok(result.middle < 250, `${result.middle} ms`);
          assert.ok(result.worst < 5000, `${result.worst} ms`);
        });
      }
    } else {
      test('a login takes it over from a frozen client, at the latest a retry', async (t) => {
        t.diagnostic(JSON.stringify(await takeOverFromFrozen(20)));
      });
    }

    test('of sixty sessions with one key two remain at most', async () => {
      const [proxy, other] = [await world.enrolled(), await world.enrolled()];
      other.connect(database.port);
      await untilOpen(other.key.port);
      for (let session = 0; session < 60; session++) proxy.logIn('-o', 'ConnectTimeout=30');
      await until(
        () => `${proxy.running} are left`,
        () => proxy.running <= 2,
      );
      proxy.connect(database.port);
      await untilOpen(proxy.key.port);
      assert.equal(await listenTo(proxy.key.port), 'hello');
      assert.equal(await listenTo(other.key.port), 'hello');
      await Promise.all([proxy.disconnect(), other.disconnect()]);
    });

    test('of two hosts that take it from each other the one that had it longer keeps it', async () => {
      const proxy = await world.enrolled();
      const [first, second] = ['127.0.0.2', '127.0.0.3'];
      const comesFrom = async (address: string) => {
        const old = socketOf(proxy);
        const isThere = () => ![old, undefined].includes(socketOf(proxy));
        for (const end = Date.now() + 60_000; Date.now() < end; ) {
          const client = proxy.connect(database.port, '-b', address);
          while (client.exitCode === null && !isThere()) await sleep(10);
          if (isThere()) return;
          await sleep(300);
        }
        assert.fail(`${address} did not get the port`);
      };
      const bars = () =>
        world.agent.messages
          .map(({ log }) => (log ?? {}) as { barred?: string; stays?: string })
          .filter(({ barred }) => barred !== undefined);
      await comesFrom(first);
      await sleep(FIRST_HELD_MS);
      const secondCame = Date.now();
      await comesFrom(second);
      await world.controlPlane.until(proxy.key.tunnel, ({ session }) => session === 'up');
      await comesFrom(first);
      // Beside other tests a takeover may need many logins: the first had it longer all the same.
      await sleep(Math.max(200, Date.now() - secondCame - FIRST_HELD_MS));
      let last: ChildProcess | undefined;
      await until('one is barred', () => {
        if (!last || last.exitCode !== null) last = proxy.connect(database.port, '-b', second);
        return bars().length > 0;
      });
      await until('its session is ended', () => last?.exitCode !== null);
      const [bar] = bars();
      assert.deepEqual([bar?.barred, bar?.stays], [second, first]);
      await comesFrom(first);
      const kept = socketOf(proxy);
      for (const _ of [1, 2, 3]) await once(proxy.connect(database.port, '-b', second), 'exit');
      await sleep(100);
      assert.equal(socketOf(proxy), kept);
      assert.equal(await listenTo(proxy.key.port), 'hello');
      await proxy.disconnect();
    });
  });
}
