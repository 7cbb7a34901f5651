import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AgentKey } from '../src/domain/agent-protocol.ts';
import { newId } from '../src/domain/id.ts';
import { parsePublicKey } from '../src/domain/public-key.ts';
import { wireString } from '../src/domain/wire-string.ts';
import { authorizedKeyLine } from '../src/render/index.ts';
import type { CustomerProxy } from '../test/agent/support/customer-proxy.ts';
import { World } from '../test/agent/support/world.ts';
import { until } from '../test/support/until.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const FEW = 10;
const MANY = 100_000;
/** That the many keys belong to. */
const SLOTS = 20_000;
const ROUNDS = 25;
const GOAL = 1.05;
const LONGEST_MS = 20_000;

/**
 * From the start of `ssh -N -R` until its tunnel port takes connections, on a tunnel server that has
 * many keys beside one that has few; the two take turns.
 */
export const loginBench: Bench = { name: 'login', run };

async function run(): Promise<BenchResult[]> {
  const worlds = await Promise.all([startWorld(FEW), startWorld(MANY)]);
  try {
    const [few, many] = worlds;
    const times: { few: number; many: number }[] = [];
    for (let round = -3; round < ROUNDS; round += 1) {
      const time = { few: 0, many: 0 };
      // Who is first in one pair is second in the next: other load comes and goes.
      const order = round % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const);
      for (const which of order) time[which] = await timeLogin({ few, many }[which].proxy);
      if (round >= 0) times.push(time); // the first fill caches
    }
    const [ours, baseline] = [median(times.map((t) => t.many)), median(times.map((t) => t.few))];
    const ratio = median(times.map((t) => t.many / t.few));
    return [
      {
        name: `ssh -N -R until it listens, ${MANY} keys (baseline: ${FEW} keys)`,
        unit: 'ms',
        ours,
        baseline,
        ratio,
        goal: `≤ ${GOAL}`,
        ok: ratio <= GOAL,
      },
    ];
  } finally {
    await Promise.all(worlds.map(({ world }) => world.remove()));
  }
}

/** A tunnel server with its agent and that many keys, and a proxy of one of them. */
async function startWorld(keys: number): Promise<{ world: World; proxy: CustomerProxy }> {
  const world = await World.make('root');
  const proxy = await world.proxy();
  for (let made = 1; made < keys; made += 1) world.controlPlane.addKey(someKey(made));
  world.controlPlane.addKey(proxy.key);
  await world.startAgent();
  await world.controlPlane.applied(300_000);
  return { world, proxy };
}

/** A key that nobody has the other half of, its port above those that are tried. */
function someKey(number: number): AgentKey {
  const wire = Buffer.concat([wireString('ssh-ed25519'), wireString(randomBytes(32))]);
  const key = parsePublicKey(`ssh-ed25519 ${wire.toString('base64')}`);
  const place = {
    tunnel: newId('tun'),
    slot: 1,
    port: 33_000 + (number % SLOTS),
    database: 'tcp',
  } as const;
  const line = authorizedKeyLine({
    bind_address: '127.0.0.1',
    tunnel_port: place.port,
    key,
    tunnel: place.tunnel,
  });
  return { ...place, fingerprint: key.fingerprint, line };
}

/** Milliseconds; the session is gone, and its port free, when it comes back. */
async function timeLogin(proxy: CustomerProxy): Promise<number> {
  const started = performance.now();
  proxy.connect(9);
  await until('a login', () => listens(proxy.key.port), LONGEST_MS, 1);
  const time = performance.now() - started;
  await proxy.disconnect();
  await until('its end', async () => !(await listens(proxy.key.port)), LONGEST_MS, 1);
  return time;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const event = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return event;
}
