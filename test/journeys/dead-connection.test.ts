import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Container,
  type Network,
  nameServerImage,
  startContainer,
} from '../support/bed/index.ts';
import { startEnds } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { type Knocker, startKnocker } from '../support/outage/knocker.ts';
import { type Line, lineOf } from '../support/outage/line.ts';
import { filteredProxyImage } from '../support/packet-filter.ts';
import { portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** A customer's line is cut while the vendor's application goes on asking: its port must not stay held. */

const KNOCK_EVERY_MS = 1000;
/** The agent waits for at least 61 s of silence, and looks every 3 s. */
const FREE_WITHIN_MS = 75_000;
const BACK_WITHIN_MS = 15_000;
const LONG_CUT_MS = 85_000;
const SHORT_CUT_MS = 30_000;

interface Proxy {
  host: Container;
  line: Line;
  port: number;
}

let network: Network;
let vendor: VendorHost;
let names: Container;
let knocker: Knocker;

before(async () => {
  // Without CAP_SYS_PTRACE: whose connection it is, the login hook has recorded.
  ({ network, vendor } = await startEnds());
  names = await startContainer({ image: nameServerImage(), network, name: 'names' });
  knocker = startKnocker(vendor.container);
});

after(async () => {
  knocker?.end();
  await network?.remove();
});

async function startProxy(name: string): Promise<Proxy> {
  const image = filteredProxyImage();
  const host = await startContainer({ image, network, name, capabilities: ['NET_ADMIN'] });
  const tunnel = await vendor.makeTunnel(name);
  const { code, stdout, stderr } = await install(host, urlOf(tunnel), {
    token: tunnel.token,
    arguments: ['--plain-ssh'],
  });
  assert.equal(code, 0, stdout + stderr);
  const port = portOf(tunnel);
  return { host, port, line: await lineOf(host, network, { vendor: vendor.container, names }) };
}

/** Knocks, answered or not, until told to stop. */
function knockAt(port: number): NodeJS.Timeout {
  return setInterval(() => void knocker.answers(port), KNOCK_EVERY_MS);
}

const sshOf = ({ host }: Proxy) => host.output('pgrep -x ssh');

async function untilFree(port: number, limitMs: number): Promise<number> {
  const started = performance.now();
  while (performance.now() - started < limitMs) {
    const listens = await vendor.container.output(`ss -Hltn sport = :${port}`);
    if (listens === '') return performance.now() - started;
    await sleep(500);
  }
  throw new Error(`port ${port} is still held after ${limitMs} ms`);
}

describe('the vendor’s application knocks every second, and', { concurrency: true }, () => {
  test('a connection cut for 85 s gives its port back meanwhile, and the tunnel returns', async (t) => {
    const proxy = await startProxy('cut');
    const knocks = knockAt(proxy.port);
    await proxy.line.dropPackets();
    const cutAt = performance.now();
    const freeAfter = await untilFree(proxy.port, FREE_WITHIN_MS);
    await sleep(LONG_CUT_MS - (performance.now() - cutAt));
    clearInterval(knocks);
    await proxy.line.passPackets();
    const mendedAt = Date.now();
    const answered = await knocker.firstAnswer(proxy.port, 4 * BACK_WITHIN_MS);
    const backAfter = (answered ?? Number.POSITIVE_INFINITY) - mendedAt;
    t.diagnostic(`free after ${Math.round(freeAfter)} ms, back ${backAfter} ms after the cut`);
    assert.ok(backAfter <= BACK_WITHIN_MS, `${backAfter} ms`);
    const log = await proxy.host.journal('h_autossh@acme_cut.service');
    assert.doesNotMatch(log, /remote port forwarding failed/);
  });

  // After 30 s without a packet TCP may need 30 s more, and ssh have given up: that is for ssh to say.
  test('a connection cut for 30 s is left to ssh', async (t) => {
    const proxy = await startProxy('short');
    const knocks = knockAt(proxy.port);
    await proxy.line.dropPackets();
    await sleep(SHORT_CUT_MS);
    await proxy.line.passPackets();
    const mendedAt = Date.now();
    clearInterval(knocks);
    const answered = await knocker.firstAnswer(proxy.port, 4 * BACK_WITHIN_MS);
    t.diagnostic(`back ${(answered ?? Number.POSITIVE_INFINITY) - mendedAt} ms after the cut`);
    assert.ok(answered);
    await sleep(FREE_WITHIN_MS - SHORT_CUT_MS);
  });

  test('a busy connection that loses one packet in ten is kept', async () => {
    const proxy = await startProxy('busy');
    const ssh = await sshOf(proxy);
    await proxy.host.output(`
      nft 'table inet loss { chain arriving {
        type filter hook input priority 0; tcp sport 50022 numgen random mod 10 0 drop; }; }'`);
    const knocks = knockAt(proxy.port);
    let bytes = 0;
    for (const end = performance.now() + 2 * FREE_WITHIN_MS; performance.now() < end; ) {
      bytes += (await vendor.query(proxy.port, "select repeat('x', 300000)"))?.length ?? 0;
    }
    clearInterval(knocks);
    assert.ok(bytes > 3_000_000, `${bytes} bytes came through`);
    assert.equal(await sshOf(proxy), ssh);
  });
});

test('the agent has ended the dead one alone, and said why', async () => {
  const lines = (await vendor.container.journal('culvert-agent')).split('\n');
  const ended = lines.filter((line) => line.includes('ending a session'));
  assert.equal(ended.length, 1, ended.join('\n'));
  assert.match(ended[0] ?? '', /its connection is dead/);
});
