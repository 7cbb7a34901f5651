import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { type Asking, askThrough } from './support/asking.ts';
import type { Instance } from './support/instance.ts';
import type { KeptTunnel } from './support/kept-tunnel.ts';
import { knock } from './support/knock.ts';
import { startVendorSide, type Tunnel, type VendorSide } from './support/vendor-side.ts';

/**
 * What a machine of one's own is held to with CULVERT_TEST_STRICT=1. Without it a shared one with two
 * cores may take longer: it starts three processes while others compute.
 */
const RIGHT_WITHIN_MS = process.env['CULVERT_TEST_STRICT'] === '1' ? 10_000 : 60_000;
const UP_WITHIN_MS = 60_000;
/** Between what begins or ends first, and what does so second. */
const APART_MS = 700;
const LAST_MS = 3000;
const STEADY = 3;

/** Something that breaks at the vendor's side; it is begun and ended once each. */
interface Fault {
  name: string;
  begin(): unknown;
  /** Does not wait for what it starts. */
  end(): unknown;
}

let store: Postgres;
let database: Postgres;
let vendor: VendorSide;
/** The agent as its unit keeps it. */
let agentStarting: Promise<void> = Promise.resolve();
let instanceStarting: Promise<void> = Promise.resolve();
let postgresStarting: Promise<void> = Promise.resolve();

/** Tunnels that are up from the first to the last, and what is asked through them. */
const steady: { tunnel: Tunnel; kept: KeptTunnel; asking: Asking }[] = [];
/** The same without a tunnel: what of the slowness is the machine's. */
let direct: Asking;

before(async () => {
  [store, database] = await Promise.all([startPostgres(), startPostgres()]);
  vendor = await startVendorSide(await store.createDatabase());
  await vendor.startAgent();
  direct = await askThrough(database.port);
  for (let number = 1; number <= STEADY; number += 1) {
    const tunnel = await vendor.makeTunnel(`steady-${number}`);
    await vendor.enrol(tunnel);
    const kept = vendor.keep(tunnel, database.port);
    await until(`${tunnel.name} is up`, async () => (await knock(tunnel.port)) === 'answers');
    steady.push({ tunnel, kept, asking: await askThrough(tunnel.port) });
  }
});
after(async () => {
  await direct?.stop();
  for (const { asking } of steady) await asking.stop();
  await vendor?.[Symbol.asyncDispose]();
  await Promise.all([store.stop(), database.stop()]);
});

const signalAgent = (signal: NodeJS.Signals) => vendor.agent.child?.kill(signal);
const instance = () => vendor.cluster.instances[0] as Instance;

const FAULTS: Fault[] = [
  {
    name: 'agent frozen',
    begin: () => signalAgent('SIGSTOP'),
    end: () => signalAgent('SIGCONT'),
  },
  {
    name: 'agent killed',
    begin: () => vendor.agent.kill(),
    end() {
      agentStarting = vendor.startAgent();
    },
  },
  {
    name: 'sshd killed',
    begin() {
      const file = join(vendor.agent.stateFolder, 'sshd.pid');
      process.kill(Number(readFileSync(file, 'latin1')), 'SIGKILL');
    },
    end() {},
  },
  {
    name: 'control plane killed',
    begin: () => instance().kill(),
    end() {
      instanceStarting = startInstanceAgain();
    },
  },
  {
    name: 'PostgreSQL stopped',
    begin: () => store.halt(),
    end() {
      postgresStarting = store.resume();
    },
  },
];

/** As its unit does: it may have come up before its store. */
async function startInstanceAgain(): Promise<void> {
  for (const end = Date.now() + UP_WITHIN_MS; ; await sleep(1000)) {
    try {
      return await instance().start();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

const alone = FAULTS.map((fault) => [fault]);
const pairs = FAULTS.flatMap((one, at) => FAULTS.slice(at + 1).map((other) => [one, other]));
const took: number[] = [];

for (const [number, faults] of [...alone, ...pairs].entries()) {
  const name = faults.map((fault) => fault.name).join(', ');
  test(`${name}: no query is lost, and what is reported is right again`, async (t) => {
    const cast = await makeCast(number);
    const sides = steady.map(({ tunnel }) => ({ tunnel, wanted: UP }));
    await untilRight([...sides, ...cast.before()], UP_WITHIN_MS);

    for (const fault of faults) {
      await fault.begin();
      await sleep(APART_MS);
    }
    const changes = cast.change();
    await sleep(LAST_MS);
    for (const fault of faults) {
      await sleep(APART_MS);
      await fault.end();
    }
    const endedAt = Date.now();
    await changes;
    const wanted = [...sides, ...cast.after()];
    await untilRight(wanted, RIGHT_WITHIN_MS - (Date.now() - endedAt));
    took.push(Date.now() - endedAt);
    t.diagnostic(`right ${((took.at(-1) ?? 0) / 1000).toFixed(1)} s after the last fault`);
    await Promise.all([agentStarting, instanceStarting, postgresStarting]);
    // And it stays so.
    await sleep(1000);
    assert.deepEqual(await differences(wanted), []);
    await cast.remove();

    for (const { asking, kept, tunnel } of steady) {
      assert.deepEqual(asking.lost(), []);
      assert.equal(kept.starts(), 1, `${tunnel.name} was lost`);
    }
  });
}

test('all in all', (t) => {
  const answered = steady.reduce((sum, { asking }) => sum + asking.answered(), 0);
  const slowest = Math.max(...steady.map(({ asking }) => asking.slowest()));
  const sorted = took.toSorted((one, other) => one - other);
  t.diagnostic(
    `${answered} queries answered, none lost, the slowest after ${slowest} ms (${direct.slowest()} without a tunnel)`,
  );
  t.diagnostic(`right again after ${sorted.map((ms) => (ms / 1000).toFixed(1)).join(' ')} s`);
  assert.equal(took.length, alone.length + pairs.length);
  assert.ok(answered > took.length * STEADY * 20);
});

/** How a tunnel is to be: what a knock at its port hears, and its key. */
interface Wanted {
  tunnel: Tunnel;
  wanted: { port: Awaited<ReturnType<typeof knock>>; key: 'active' | 'none' };
}

const UP = { port: 'answers', key: 'active' } as const;
const UP_WITHOUT_DATABASE = { port: 'closed', key: 'active' } as const;
const DOWN = { port: 'refused', key: 'active' } as const;
const NO_KEY = { port: 'refused', key: 'none' } as const;

/** Tunnels to which something happens during the faults. */
async function makeCast(number: number) {
  const make = (what: string) => vendor.makeTunnel(`${what}-${number}`);
  const revoked = await make('revoked');
  const leaving = await make('leaving');
  const coming = await make('coming');
  const fresh = await make('fresh');
  for (const tunnel of [revoked, leaving, coming]) await vendor.enrol(tunnel);
  // Which an installer waits for.
  const down = [revoked, leaving, coming].map((tunnel) => ({ tunnel, wanted: DOWN }));
  await untilRight(down, UP_WITHIN_MS);
  const keptRevoked = vendor.keep(revoked, database.port);
  const keptLeaving = vendor.keep(leaving, database.port);
  const started: KeptTunnel[] = [keptRevoked, keptLeaving];
  return {
    before: (): Wanted[] => [
      { tunnel: revoked, wanted: UP },
      { tunnel: leaving, wanted: UP },
      { tunnel: coming, wanted: DOWN },
      { tunnel: fresh, wanted: NO_KEY },
    ],
    async change() {
      started.push(vendor.keep(coming, await freePort()));
      await Promise.all([
        vendor.revoke(revoked),
        keptLeaving.end(),
        vendor.enrol(fresh).then(() => started.push(vendor.keep(fresh, database.port))),
      ]);
    },
    after: (): Wanted[] => [
      { tunnel: revoked, wanted: NO_KEY },
      { tunnel: leaving, wanted: DOWN },
      { tunnel: coming, wanted: UP_WITHOUT_DATABASE },
      { tunnel: fresh, wanted: UP },
    ],
    async remove() {
      await Promise.all(started.map((kept) => kept.end()));
      for (const { id } of [revoked, leaving, coming, fresh]) {
        await vendor.cluster.api('DELETE', `/v1/tunnels/${id}`);
      }
    },
  };
}

async function untilRight(all: Wanted[], withinMs: number): Promise<void> {
  let wrong: string[] = [];
  const isRight = async () => {
    wrong = await differences(all);
    return wrong.length === 0;
  };
  await until(() => wrong.join('\n'), isRight, withinMs);
}

/** Where ports and the API's answer are not as they must be, by two ways of asking. */
async function differences(all: Wanted[]): Promise<string[]> {
  const { call, adminToken: token } = vendor.cluster;
  const answer = await call({ path: '/v1/tunnels?limit=100', token }).catch(() => undefined);
  if (answer?.status !== 200) return [`the API does not answer: ${JSON.stringify(answer)}`];
  const wrong: string[] = [];
  for (const { tunnel, wanted } of all) {
    const found = answer.body.items.find(({ id }: { id: string }) => id === tunnel.id);
    const { key, session, session_key, database } = found.slots[0].status;
    const isUp = wanted.port !== 'refused';
    const expected = {
      port: wanted.port,
      key: wanted.key,
      session: isUp ? 'up' : 'down',
      session_key: isUp ? tunnel.key.fingerprint : '',
      database: isUp ? wanted.port : 'unprobed',
    };
    const actual = { port: await knock(tunnel.port), key, session, session_key, database };
    if (JSON.stringify(actual) === JSON.stringify(expected)) continue;
    wrong.push(`${tunnel.name}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
  return wrong;
}
