import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { startMariadb } from '../support/mariadb.ts';
import { startRedis } from '../support/redis.ts';
import { MODES } from './support/agent-host.ts';
import { World } from './support/world.ts';

test('databases behind real tunnels: each is asked in its own protocol, at once', async (t) => {
  const [mode = 'user'] = MODES;
  const world = await World.make(mode);
  t.after(() => world.remove());
  await world.startAgent();
  const mariadb = await startMariadb(await freePort());
  t.after(() => mariadb.stop());
  const redis = await startRedis(await freePort(), ['--maxclients', '1']);
  t.after(() => redis.stop());
  const holder = connect(redis.port, '127.0.0.1');
  t.after(() => holder.destroy());
  await new Promise((connected) => holder.once('connect', connected));

  const cases = [
    { database: 'mysql', port: mariadb.port, seen: 'answers ' },
    { database: 'redis', port: redis.port, seen: 'refuses too-many-connections' },
    { database: 'mysql', port: redis.port, seen: 'silent wrong-protocol' },
    { database: 'redis', port: mariadb.port, seen: 'silent wrong-protocol' },
    { database: 'mongodb', port: await freePort(), seen: 'closed closed-at-once' },
  ] as const;
  for (const { database, port, seen } of cases) {
    const proxy = await world.enrolled({ database });
    proxy.connect(port);
    const { tunnel } = proxy.key;
    await world.controlPlane.until(tunnel, ({ session }) => session === 'up');
    const began = Date.now();
    const row = await world.controlPlane.until(tunnel, ({ database_at }) => database_at > 0);
    assert.equal(`${row.database} ${row.reason}`, seen, `${database} ${port}`);
    const limit = seen.startsWith('silent') ? 12_000 : 2000;
    assert.ok(Date.now() - began < limit, `${database}: ${Date.now() - began} ms`);
  }
  const logged = JSON.stringify(world.agent.messages);
  assert.match(logged, /"a database refuses"[^}]*"words":"ERR max number of clients reached"/);
});
