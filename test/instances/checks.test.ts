import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { MODES } from '../agent/support/agent-host.ts';
import { startGreeter, untilOpen } from '../agent/support/greeter.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type CheckAnswer, startTunnelWorld, type TunnelWorld } from './support/tunnel-world.ts';

const MINUTE_MS = 60_000;

const resultsOf = ({ hops }: CheckAnswer) => hops.map(({ hop, result }) => `${hop} ${result}`);
const detailOf = ({ hops }: CheckAnswer, name: string) =>
  hops.find(({ hop }) => hop === name)?.detail ?? '';

// Two control planes on PostgreSQL: agents talk to one, and checks are asked for at the other.
let store: Postgres;
let database: Postgres;
let cluster: Cluster;

before(async () => {
  [store, database] = await Promise.all([startPostgres(), startPostgres()]);
  const url = await store.createDatabase();
  cluster = await startCluster({ stores: [url, url] });
});
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await Promise.all([store?.stop(), database?.stop()]);
});

for (const mode of MODES) {
  suite(`a check on demand, sshd as ${mode}`, { concurrency: 1, timeout: 5 * MINUTE_MS }, () => {
    let world: TunnelWorld;
    before(async () => {
      world = await startTunnelWorld(cluster, mode);
    });
    after(() => world?.[Symbol.asyncDispose]());

    test('each time it says how it is now: database, then session', async () => {
      const { id, port, proxy } = await world.connected('postgresql', database.port);
      const answer = await world.check(id);
      assert.deepEqual(resultsOf(answer), [
        'key ok',
        'agent ok',
        'session ok',
        'forward ok',
        'connection ok',
        'vendor-database ok',
      ]);
      assert.deepEqual([answer.ok, answer.broken, answer.reason], [true, '', '']);
      assert.match(answer.verdict, /You can query the database/);
      assert.ok(Math.abs(answer.checked_at - Date.now() / 1000) < 60);
      assert.match(detailOf(answer, 'session'), /^up since 20.*, from 127\.0\.0\.1, by SHA256:/);
      assert.equal(detailOf(answer, 'forward'), `127.0.0.1:${port} is that session's`);

      await database.halt();
      const refused = await world.check(id);
      const [, , , , connection, vendorDatabase] = resultsOf(refused);
      assert.deepEqual([refused.broken, refused.reason], ['connection', 'closed-at-once']);
      assert.deepEqual([connection, vendorDatabase], ['connection no', 'vendor-database untested']);
      assert.equal(
        detailOf(refused, 'connection'),
        "none to db.example:5432; the proxy's ssh says: connect failed: Connection refused",
      );
      await database.resume();
      assert.equal((await world.check(id)).ok, true);

      await proxy.disconnect();
      await untilOpen(port, false);
      const down = await world.check(id);
      assert.deepEqual([down.broken, down.reason], ['session', 'session-down']);
      assert.deepEqual(resultsOf(down).slice(3), [
        'forward untested',
        'connection untested',
        'vendor-database untested',
      ]);
      assert.match(down.next, /h_autossh doctor/);
    });

    test('a proxy that logs in and does not listen', async () => {
      const { id, proxy } = await world.addTunnel();
      // The agent ends such a session after ten seconds; it comes back as one of a proxy does.
      const listens = ({ broken }: CheckAnswer) => broken !== 'forward';
      let answer: CheckAnswer;
      const end = Date.now() + MINUTE_MS;
      do {
        if (proxy.running === 0) proxy.logIn();
        answer = await world.check(id);
      } while (listens(answer) && Date.now() < end);
      assert.deepEqual([answer.broken, answer.reason], ['forward', 'not-listening']);
      assert.match(detailOf(answer, 'session'), /^up since /);
    });
  });
}

suite('a check on demand', { concurrency: 1, timeout: 5 * MINUTE_MS }, () => {
  let world: TunnelWorld;
  before(async () => {
    world = await startTunnelWorld(cluster, MODES[0] ?? 'user');
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('a database that says nothing, and one that closes without a word', async () => {
    const mute = await startGreeter(() => {});
    const curt = await startGreeter((socket) => socket.end());
    try {
      const silent = await world.connected('postgresql', mute.port);
      const closing = await world.connected('postgresql', curt.port);
      const [said, closed] = await Promise.all([world.check(silent.id), world.check(closing.id)]);
      assert.deepEqual([said.broken, said.reason], ['vendor-database', 'no-answer']);
      assert.equal(detailOf(said, 'connection'), 'not refused within 5 s');
      assert.deepEqual([closed.broken, closed.reason], ['vendor-database', 'closed-by-database']);
    } finally {
      mute.stop();
      curt.stop();
    }
  });

  test('a stranger on the tunnel port is named as what is broken', async () => {
    const { id, port } = await world.addTunnel();
    const stranger = createServer().listen(port, '127.0.0.1');
    try {
      await untilOpen(port);
      const answer = await world.check(id);
      assert.deepEqual([answer.broken, answer.reason], ['forward', 'port-taken']);
      assert.equal(resultsOf(answer)[2], 'session untested');
      assert.match(answer.next, /ss -ltnp/);
    } finally {
      stranger.close();
    }
  });

  test('without a key nobody is asked', async () => {
    const { id } = await world.addTunnel('postgresql', false);
    const answer = await world.check(id);
    assert.deepEqual([answer.broken, answer.reason], ['key', 'not-enrolled']);
    assert.equal((await world.ask(id)).status, 200, 'as nothing was done, nothing has to rest');
  });

  test('an agent that stands still: what is known, and that; later it answers', async () => {
    const { id } = await world.connected('postgresql', database.port);
    assert.equal((await world.check(id)).ok, true);
    const { child } = world.agent;
    child?.kill('SIGSTOP');
    const answer = await world.check(id, { wait: 2 }).finally(() => child?.kill('SIGCONT'));
    assert.deepEqual([answer.broken, answer.reason], ['agent', 'agent-unanswering']);
    assert.match(
      detailOf(answer, 'agent'),
      /^that of world-.* did not .* within \d+ s; it last reported 20/,
    );
    assert.equal(detailOf(answer, 'session'), 'as last reported: up');
    assert.match(detailOf(answer, 'vendor-database'), /^as last reported: answers, probed 20/);
    // The same check is still open, and the agent takes it up.
    assert.equal((await world.check(id)).ok, true);
  });

  test('however many ask, at whichever control plane, the database is asked once', async () => {
    let connections = 0;
    const greeter = await startGreeter(() => {
      connections += 1;
    });
    try {
      // Its probe takes five seconds.
      const { id } = await world.connected('tcp', greeter.port);
      const { instances } = cluster;
      const asking = Array.from({ length: 50 }, (_, index) =>
        world.ask(id, {}, instances[index % instances.length]),
      );
      const answers = (await Promise.all(asking)).filter(({ status }) => status === 200);
      assert.ok(answers.length > 25, `${answers.length} were answered`);
      assert.equal(new Set(answers.map(({ body }) => body.checked_at)).size, 1);
      // One of them is the test's own, which saw that the port is open.
      assert.ok(connections <= 2, `${connections} connections`);
    } finally {
      greeter.stop();
    }
  });
});
