import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, findProcess } from '../../src/agent/system/process-table.ts';
import { MODES } from './support/agent-host.ts';
import { listenTo, startGreeter } from './support/greeter.ts';
import { addressOfProxy, Storm } from './support/storm.ts';
import { World } from './support/world.ts';

/** Without the login hook the agent follows the log, which is for trying Culvert out. */
const PROXIES = { root: 200, user: 50 };
const FIRST_PORT = 9000;
/** For machines that are slow, or have other work: alone it takes 20 s. */
const WITHIN_MS = 300_000;

for (const mode of MODES) {
  const count = PROXIES[mode];
  test(`${count} proxies come at once, and come back at once, sshd as ${mode}`, async (t) => {
    // A database at each proxy's own address, which it names: so a port shows whose session has it.
    const database = await startGreeter(
      (socket) => socket.end(`${socket.localAddress}`),
      '0.0.0.0',
    );
    const tunnelPorts: [number, number] = [FIRST_PORT, FIRST_PORT + count - 1];
    const world = await World.make(mode, { tunnelPorts });
    let storm: Storm | undefined;
    t.after(async () => {
      await storm?.stop();
      await world.remove();
      database.stop();
    });
    const proxies = await world.proxies(count, FIRST_PORT);
    for (const { key } of proxies) world.controlPlane.addKey(key);
    await world.startAgent();
    await world.controlPlane.applied(60_000);
    storm = Storm.of(world, proxies, database.port);

    const assertAllUp = async (storm: Storm) => {
      assert.equal(storm.supervised, count, 'a supervisor gave up');
      for (const [index, { key }] of proxies.entries()) {
        assert.equal(await listenTo(key.port), addressOfProxy(index), `port ${key.port}`);
        const row = await world.controlPlane.until(key.tunnel, ({ session }) => session === 'up');
        assert.equal(row.session_key, key.fingerprint);
      }
    };

    storm.start();
    const first = await storm.until(count, WITHIN_MS);
    await assertAllUp(storm);

    // As when the tunnel server's machine starts again: nobody's session is left.
    const sshd = Number(readFileSync(join(world.agent.stateFolder, 'sshd.pid'), 'latin1'));
    const monitors = childrenOf(sshd);
    for (const pid of monitors.flatMap(childrenOf)) process.kill(pid, 'SIGKILL');
    while (monitors.some(findProcess)) await sleep(5);
    const again = await storm.until(count, WITHIN_MS);
    await assertAllUp(storm);

    t.diagnostic(`${(first / 1000).toFixed(1)} s, and again ${(again / 1000).toFixed(1)} s`);
    assert.deepEqual(world.controlPlane.faults, []);
  });
}
