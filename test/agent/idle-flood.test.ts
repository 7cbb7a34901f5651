import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { MODES } from './support/agent-host.ts';
import { listenTo, startGreeter, untilOpen } from './support/greeter.ts';
import { World } from './support/world.ts';

const CONNECTIONS = 1100;

for (const mode of MODES) {
  test(`${CONNECTIONS} idle connections from one address lock nobody else out, sshd as ${mode}`, async () => {
    const database = await startGreeter();
    const world = await World.make(mode);
    const sockets: Socket[] = [];
    try {
      await world.startAgent();
      const proxy = await world.enrolled();
      let heard = 0;
      for (let number = 0; number < CONNECTIONS; number++) {
        const socket = connect(world.controlPlane.region.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.once('data', (bytes) => {
          if (bytes.toString('latin1').startsWith('SSH-2.0-')) heard++;
        });
        sockets.push(socket);
      }
      // As many as one address may have, no more: the others are closed unheard.
      await until(
        () => `${heard} were heard`,
        () => heard >= 100,
      );
      proxy.connect(database.port, '-b', '127.0.0.2', '-o', 'ConnectTimeout=20');
      await untilOpen(proxy.key.port);
      assert.equal(await listenTo(proxy.key.port), 'hello');
      assert.equal(heard, 100);
    } finally {
      for (const socket of sockets) socket.destroy();
      await world.remove();
      database.stop();
    }
  });
}
