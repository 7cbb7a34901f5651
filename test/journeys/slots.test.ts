import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Container,
  createNetwork,
  type Network,
  proxyImage,
  startContainer,
} from '../support/bed/index.ts';
import { startDatabaseHost } from '../support/database-host.ts';
import { addSudoer, install, pastedLine } from '../support/installer.ts';
import { type MadeTunnel, startVendorHost, type VendorHost } from '../support/vendor-host.ts';

let network: Network;
let vendor: VendorHost;
let first: Container;
let second: Container;
let tunnel: MadeTunnel;

before(async () => {
  network = await createNetwork();
  [vendor, first, second] = await Promise.all([
    startVendorHost(network),
    startContainer({ image: proxyImage(), network, name: 'first' }),
    startContainer({ image: proxyImage(), network, name: 'second' }),
    startDatabaseHost(network),
  ]);
  tunnel = await vendor.makeTunnel('orders');
});

after(() => network?.remove());

const urlOfSlot = (slot: number) => `http://vendor:8080/t/${tunnel.id}/s/${slot}/install.sh`;

async function makeToken(terms: object, made: MadeTunnel = tunnel): Promise<string> {
  const path = `/v1/tunnels/${made.id}/tokens`;
  return (await vendor.api<{ token: string }>('POST', path, terms)).token;
}

async function keysOf(made: MadeTunnel): Promise<{ fingerprint: string; state: string }[]> {
  const path = `/v1/tunnels/${made.id}/keys`;
  return (await vendor.api<{ items: { fingerprint: string; state: string }[] }>('GET', path)).items;
}

async function waitingKey(made: MadeTunnel): Promise<string> {
  for (const end = Date.now() + 120_000; ; await sleep(200)) {
    const key = (await keysOf(made)).find(({ state }) => state === 'waiting');
    if (key) return key.fingerprint;
    assert.ok(Date.now() < end, 'no key came');
  }
}

async function nothingIsInstalled(proxy: Container): Promise<void> {
  const traces = await proxy.shell('ls -d /etc/h_autossh /var/lib/h_autossh 2>/dev/null');
  assert.equal(traces.stdout, '');
}

test('two proxies hold one tunnel, each on its own port', async () => {
  const added = await vendor.api<{ tunnel_port: number }>(
    'POST',
    `/v1/tunnels/${tunnel.id}/slots`,
    {
      sources: [],
    },
  );
  const ports = [tunnel.slots[0]?.tunnel_port ?? 0, added.tunnel_port];
  for (const [index, proxy] of [first, second].entries()) {
    const token = await makeToken({ slot: index + 1 });
    const { code, stdout, stderr } = await install(proxy, urlOfSlot(index + 1), { token });
    assert.equal(code, 0, stdout + stderr);
  }
  for (const port of ports) assert.equal(await vendor.query(port), 'a row');
  await first.output('systemctl stop h_autossh@acme_orders');
  assert.equal(await vendor.query(ports[0] ?? 0), undefined);
  assert.equal(await vendor.query(ports[1] ?? 0), 'a row');
  await first.output('systemctl start h_autossh@acme_orders');
  await vendor.untilAnswered(ports[0] ?? 0);
});

for (const user of ['root', 'carol']) {
  test(`another slot of the tunnel is refused where one is, to ${user}`, async () => {
    if (user !== 'root') await addSudoer(first, user, false);
    const state = 'find /etc/h_autossh /var/lib/h_autossh -type f -exec sha256sum {} +';
    const before = await first.output(state);
    const token = await makeToken({ slot: 2 });
    const { code, stderr } = await install(first, urlOfSlot(2), { token, user });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /his host holds slot 1 of this tunnel already\.?\n +A second proxy is /);
    assert.equal(await first.output(state), before);
  });
}

test('a removed slot: its tunnel closes at once, the other stays', async () => {
  const [port = 0] = tunnel.slots.map(({ tunnel_port }) => tunnel_port);
  await vendor.api('DELETE', `/v1/tunnels/${tunnel.id}/slots/2`);
  const { slots } = await vendor.api<MadeTunnel>('GET', `/v1/tunnels/${tunnel.id}`);
  assert.deepEqual(
    slots.map(({ slot }) => slot),
    [1],
  );
  for (const end = Date.now() + 60_000; (await vendor.query(port + 1)) !== undefined; ) {
    assert.ok(Date.now() < end, 'its port still answers');
  }
  assert.equal(await vendor.query(port), 'a row');
  const late = await install(second, urlOfSlot(2));
  assert.notEqual(late.code, 0);
  assert.match(late.stderr, /^error: .*no such slot/);
});

test('a token for other addresses is refused, and nothing is left', async () => {
  const pinned = await vendor.makeTunnel('pinned');
  const proxy = await startContainer({ image: proxyImage(), network, name: 'elsewhere' });
  const token = await makeToken({ sources: ['192.0.2.0/24'] }, pinned);
  const url = `http://vendor:8080/t/${pinned.id}/install.sh`;
  const refused = await install(proxy, url, { token });
  assert.equal(refused.code, 6, refused.stderr);
  assert.match(
    refused.stderr,
    /may not be used from your address\n +Run the installer on the host/,
  );
  await nothingIsInstalled(proxy);
  const good = await makeToken({ sources: [`${proxy.address}/32`] }, pinned);
  const { code, stderr } = await install(proxy, url, { token: good });
  assert.equal(code, 0, stderr);
});

test('a host that is rebuilt comes in by the same token, in place of the one before', async () => {
  const fleet = await vendor.makeTunnel('fleet');
  const token = await makeToken({ uses: 5 }, fleet);
  const url = `http://vendor:8080/t/${fleet.id}/install.sh`;
  for (const name of ['built', 'rebuilt']) {
    const proxy = await startContainer({ image: proxyImage(), network, name });
    const { code, stdout, stderr } = await install(proxy, url, { token });
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await vendor.query(fleet.slots[0]?.tunnel_port ?? 0), 'a row');
  }
  assert.deepEqual(
    (await keysOf(fleet)).map(({ state }) => state),
    ['removed', 'active'],
  );
});

test('a key waits for the vendor, its fingerprint on the screen', async () => {
  const careful = await vendor.makeTunnel('careful');
  const proxy = await startContainer({ image: proxyImage(), network, name: 'careful' });
  const url = `http://vendor:8080/t/${careful.id}/install.sh`;
  const token = await makeToken({ confirm: true }, careful);
  const hasty = pastedLine(url, { token, arguments: ['--quiet'] }).replace(
    ' | ',
    ' | sed s/accept_within=300/accept_within=1/ | ',
  );
  const left = await proxy.exec(['bash'], { input: `${hasty}\nexit $?\n`, timeoutMs: 180_000 });
  const fingerprint = await waitingKey(careful);
  assert.equal(left.code, 6, left.stdout + left.stderr);
  assert.match(left.stdout, new RegExp(`to accept this host's key first.*\n +${fingerprint}\n`));
  assert.match(left.stderr, new RegExp(`${fingerprint}\\. Then run this again, without a token`));

  const again = install(proxy, url);
  await sleep(5000);
  const path = `/v1/tunnels/${careful.id}/keys/${fingerprint}/confirm`;
  await vendor.api('POST', path, { fingerprint });
  const { code, stdout, stderr } = await again;
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /minutes at the most/);
  assert.equal(await vendor.query(careful.slots[0]?.tunnel_port ?? 0), 'a row');
});

test('a key that the vendor turns down ends the wait at once', async () => {
  const refused = await vendor.makeTunnel('turned-down');
  const proxy = await startContainer({ image: proxyImage(), network, name: 'stranger' });
  const token = await makeToken({ confirm: true }, refused);
  const running = install(proxy, `http://vendor:8080/t/${refused.id}/install.sh`, { token });
  const fingerprint = await waitingKey(refused);
  await sleep(2000);
  await vendor.api('DELETE', `/v1/tunnels/${refused.id}/keys/${fingerprint}`);
  const { code, stderr } = await running;
  assert.equal(code, 6, stderr);
  assert.match(stderr, /has removed this host's key/);
});
