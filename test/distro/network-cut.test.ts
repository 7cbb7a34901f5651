import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Container,
  type Network,
  nameServerImage,
  startContainer,
} from '../support/bed/index.ts';
import { DISTROS, type Distro } from '../support/distros.ts';
import { startEnds } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { FAULTS, type Fault } from '../support/outage/faults.ts';
import { type Knocker, startKnocker } from '../support/outage/knocker.ts';
import { type Line, lineOf } from '../support/outage/line.ts';
import { portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/**
 * A customer's network fails for a while and returns: the tunnel must be up again soon, with nobody's help.
 * Each proxy holds two tunnels, one by autossh and one by ssh alone, and goes through one fault three times;
 * all proxies do so at the same time, for they mostly wait.
 */

const LENGTHS_S = [85, 95, 105];
/** A tunnel answers again this soon after the network does. */
const LIMIT_MS = 15_000;
/** The vendor's application does not stop asking, whatever the network does. */
const ASKS_EVERY_MS = 3000;
/** So many proxies are made ready at once. */
const WIDTH = 3;

interface Runner {
  name: 'autossh' | 'ssh';
  options: string[];
}

/** A tunnel of a proxy. */
interface Held {
  by: Runner['name'];
  unit: string;
  port: number;
}

/** A proxy that is ready for its fault. */
interface Ready {
  proxy: Container;
  line: Line;
  tunnels: Held[];
}

const cells = DISTROS.flatMap((distro) =>
  FAULTS.map((fault) => ({ distro, fault, name: `${distro.name}-${fault.slug}` })),
);
const ready = new Map<string, Ready>();
const table: string[] = [];

let network: Network;
let vendor: VendorHost;
let names: Container;
let knocker: Knocker;

before(async () => {
  // Whose socket a dead connection is, root of a container may not see without it.
  ({ network, vendor } = await startEnds({ capabilities: ['SYS_PTRACE'] }));
  // Last, as it learns at its start which hosts there are.
  names = await startContainer({ image: nameServerImage(), network, name: 'names' });
  knocker = startKnocker(vendor.container);
  const queue = [...cells];
  const worker = async () => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) {
      ready.set(cell.name, await makeReady(cell.name, cell.distro));
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
});

after(async () => {
  console.log(['fault  distribution  held by  cut  back after', ...table.sort()].join('\n'));
  knocker?.end();
  await network?.remove();
});

async function makeReady(name: string, distro: Distro): Promise<Ready> {
  const proxy = await startContainer({ image: distro.image, network, name });
  const tunnels: Held[] = [];
  for (const runner of runnersOf(distro)) {
    const slug = `${name}-${runner.name}`;
    const tunnel = await vendor.makeTunnel(slug);
    const installed = await install(proxy, urlOf(tunnel), {
      token: tunnel.token,
      arguments: runner.options,
    });
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    const port = portOf(tunnel);
    tunnels.push({ by: runner.name, unit: `h_autossh@acme_${slug}.service`, port });
  }
  // From here on names come by DNS alone, as they do at a customer's. Two name servers are usual, and a
  // silent one costs its time twice.
  await proxy.output(`
    sed -i 's/^hosts:.*/hosts: dns/' /etc/nsswitch.conf
    printf 'nameserver %s\\n' ${names.address} ${names.address} >/etc/resolv.conf
    systemctl restart 'h_autossh@*'`);
  for (const { port } of tunnels) assert.ok(await knocker.firstAnswer(port, 60_000));
  return {
    proxy,
    line: await lineOf(proxy, network, { vendor: vendor.container, names }),
    tunnels,
  };
}

function runnersOf({ autossh }: Distro): Runner[] {
  const plain: Runner = { name: 'ssh', options: ['--plain-ssh'] };
  if (autossh === 'nowhere') return [plain];
  return [{ name: 'autossh', options: autossh === 'epel' ? ['--enable-epel'] : [] }, plain];
}

describe('the tunnel is back within 15 s of', { concurrency: true }, () => {
  for (const { distro, fault, name } of cells) {
    test(`${fault.name} for ${LENGTHS_S.join(', ')} s on ${distro.title}`, async (t) => {
      t.diagnostic(`ran on: ${distro.title}`);
      const { proxy, line, tunnels } = ready.get(name) as Ready;
      const late: string[] = [];
      for (const seconds of LENGTHS_S) {
        for (const { by, took } of await goThrough(fault, seconds, proxy, line, tunnels)) {
          const row = [
            fault.name,
            distro.name,
            by,
            `${seconds} s`,
            `${(took / 1000).toFixed(1)} s`,
          ];
          table.push(row.join('  '));
          if (took > LIMIT_MS) late.push(row.join('  '));
        }
      }
      assert.deepEqual(late, []);
      for (const { unit } of tunnels) {
        // The tunnel server has freed the port by the time that anyone comes back for it.
        assert.doesNotMatch(await proxy.journal(unit), /remote port forwarding failed/);
      }
    });
  }
});

/** How many milliseconds after the end of the fault each tunnel answered. */
async function goThrough(
  fault: Fault,
  seconds: number,
  proxy: Container,
  line: Line,
  tunnels: readonly Held[],
): Promise<{ by: string; took: number }[]> {
  const processes = () => proxy.output('pgrep -x ssh');
  const before = await processes();
  const asking = new AbortController();
  const application = keepAsking(tunnels, asking.signal);
  await fault.last(line, seconds);
  asking.abort();
  await application;
  for (const { by, port } of tunnels) {
    assert.equal(await knocker.answers(port), false, `${by} answers in spite of: ${fault.name}`);
  }
  await fault.mend(line);
  const mended = Date.now();
  const back = await Promise.all(
    tunnels.map(async ({ by, port }) => {
      const answered = await knocker.firstAnswer(port, 4 * LIMIT_MS);
      return { by, took: (answered ?? Number.POSITIVE_INFINITY) - mended };
    }),
  );
  assert.equal((await processes()) === before, fault.keepsConnection, 'the connection was kept');
  return back;
}

async function keepAsking(tunnels: readonly Held[], until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await Promise.all(tunnels.map(({ port }) => knocker.answers(port)));
    await sleep(ASKS_EVERY_MS);
  }
}

test('every tunnel is back within 15 s of a restart of the tunnel server', async () => {
  await vendor.container.restart();
  await vendor.container.output(
    'until (exec 3<>/dev/tcp/127.0.0.1/50022) 2>/dev/null; do sleep 0.1; done',
  );
  const listens = Date.now();
  knocker = startKnocker(vendor.container);
  const late: string[] = [];
  let last = 0;
  for (const { tunnels } of ready.values()) {
    for (const { port, unit } of tunnels) {
      const answered = await knocker.firstAnswer(port, 4 * LIMIT_MS);
      const took = (answered ?? Number.POSITIVE_INFINITY) - listens;
      last = Math.max(last, took);
      if (took > LIMIT_MS) late.push(`${unit}: ${took} ms`);
    }
  }
  table.push(`tunnel server restarted  all of them  ${(last / 1000).toFixed(1)} s`);
  assert.deepEqual(late, []);
});
