import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { MODES } from './support/agent-host.ts';
import { listenTo, startGreeter, untilOpen } from './support/greeter.ts';
import { World } from './support/world.ts';

suite('sessions', { concurrency: true }, () => {
  for (const mode of MODES) {
    suite(`sessions, sshd as ${mode}`, { concurrency: 1 }, () => {
      let world: World;
      let database: Awaited<ReturnType<typeof startGreeter>>;

      before(async () => {
        database = await startGreeter();
        world = await World.make(mode);
        await world.startAgent();
      });
      after(async () => {
        assert.deepEqual(world.controlPlane.faults, []);
        await world.remove();
        database.stop();
      });

      test('joins once, with both host keys', () => {
        const [join, ...others] = world.controlPlane.joins;
        assert.deepEqual(others, []);
        assert.equal(join?.mode, mode);
        assert.match(join?.host_keys.active ?? '', /^ssh-ed25519 /);
        assert.notEqual(join?.host_keys.active, join?.host_keys.spare);
      });

      test('a session is reported up, probed, and down, each long before the next round of looking', async () => {
        const proxy = await world.enrolled();
        const { tunnel, fingerprint, port } = proxy.key;
        proxy.connect(database.port);
        await untilOpen(port);
        const listensAt = Date.now();
        const up = await world.controlPlane.until(tunnel, ({ session }) => session === 'up');
        const upAfter = Date.now() - listensAt;
        await world.controlPlane.until(tunnel, (row) => row.database === 'answers');
        const answersAfter = Date.now() - listensAt;
        assert.equal(await listenTo(port), 'hello');
        assert.equal(up.session_key, fingerprint);
        assert.ok(Math.abs(up.session_since - Date.now() / 1000) < 5);
        await proxy.disconnect('SIGKILL');
        const gone = Date.now();
        await world.controlPlane.until(tunnel, ({ session }) => session === 'down');
        const downAfter = Date.now() - gone;
        for (const took of [upAfter, answersAfter, downAfter]) assert.ok(took < 5000, `${took} ms`);
      });

      test('another session has another id', async () => {
        const proxy = await world.enrolled();
        const ids = new Set<string>();
        for (const _ of [1, 2]) {
          proxy.connect(database.port);
          const up = await world.controlPlane.until(
            proxy.key.tunnel,
            (row) => row.session === 'up',
          );
          ids.add(up.session_id);
          await proxy.disconnect();
          await world.controlPlane.until(proxy.key.tunnel, (row) => row.session === 'down');
        }
        assert.equal(ids.size, 2);
      });
    });
  }
});
