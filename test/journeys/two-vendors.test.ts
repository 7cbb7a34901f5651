import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Container,
  createNetwork,
  type Network,
  proxyImage,
  startContainer,
} from '../support/bed/index.ts';
import { startDatabaseHost } from '../support/database-host.ts';
import { install } from '../support/installer.ts';
import {
  type MadeTunnel,
  portOf,
  startVendorHost,
  type VendorHost,
} from '../support/vendor-host.ts';

/** Tunnels of two vendors, each with a control plane of its own, on one host. */

let network: Network;
let acme: VendorHost;
let zenith: VendorHost;
let proxy: Container;
let ofAcme: MadeTunnel;
let ofZenith: MadeTunnel;

before(async () => {
  network = await createNetwork();
  [acme, zenith, proxy] = await Promise.all([
    startVendorHost(network),
    startVendorHost(network, 'zenith', {
      settings: { CULVERT_VENDOR: 'zenith', CULVERT_VENDOR_NAME: 'Zenith ETL' },
    }),
    startContainer({ image: proxyImage(), network, name: 'proxy' }),
    startDatabaseHost(network),
  ]);
  ofAcme = await acme.makeTunnel('orders');
  ofZenith = await zenith.makeTunnel('orders');
});

after(() => network?.remove());

const paste = (host: string, { id, token }: { id: string; token: string }) =>
  install(proxy, `http://${host}:8080/t/${id}/install.sh`, { token });

/** Times of what belongs to one instance or to all; a record may come to name a package of another's. */
const stateOf = (pattern: string): Promise<string> =>
  proxy.output(`
    find /etc /usr/local /var/lib/h_autossh -path '*${pattern}*' -type f ! -name installed -printf '%p %T@ %s\\n' | sort
    systemctl show -p MainPID 'h_autossh@${pattern}.service'`);

test('both stand side by side, and the second changes nothing of the first', async () => {
  const first = await paste('vendor', ofAcme);
  assert.equal(first.code, 0, first.stdout + first.stderr);
  const [before, shared] = [await stateOf('acme_orders'), await stateOf('sbin/h_autossh')];
  const second = await paste('zenith', ofZenith);
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.equal(await stateOf('acme_orders'), before);
  assert.equal(await stateOf('sbin/h_autossh'), shared);
  assert.equal(await acme.query(portOf(ofAcme)), 'a row');
  assert.equal(await zenith.query(portOf(ofZenith)), 'a row');
});

test('status shows both; another command asks which one is meant', async () => {
  const { code, stdout } = await proxy.shell('h_autossh status');
  assert.equal(code, 0);
  assert.match(stdout, /^acme_orders: up[\s\S]*\nzenith_orders: up/);
  for (const line of ['logs', 'uninstall', 'rotate-key orders']) {
    const refused = await proxy.shell(`h_autossh ${line}`);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /Which tunnel\? There are: acme_orders zenith_orders\./);
  }
});

test('neither can read the other’s key', async () => {
  const pid = (await proxy.output('systemctl show -P MainPID h_autossh@acme_orders')).trim();
  const folders = await proxy.output(`ls /proc/${pid}/root/var/lib/h_autossh`);
  assert.equal(folders.trim(), 'acme_orders');
});

test('a third vendor that calls itself like the first is refused, and changes nothing', async () => {
  const impostor = await startVendorHost(network, 'impostor');
  const tunnel = await impostor.makeTunnel('orders');
  const before = await stateOf('acme_orders');
  const { code, stderr } = await paste('impostor', tunnel);
  assert.equal(code, 4, stderr);
  assert.match(stderr, /Another tunnel called acme_orders is installed on this host/);
  assert.equal(await stateOf('acme_orders'), before);
  assert.equal(await acme.query(portOf(ofAcme)), 'a row');
});

test('when one is uninstalled the other stays, command and user included', async () => {
  const before = await stateOf('zenith_orders');
  const { code, stderr } = await proxy.shell('h_autossh uninstall acme_orders --packages');
  assert.equal(code, 0, stderr);
  assert.equal(await stateOf('zenith_orders'), before);
  assert.equal(await zenith.query(portOf(ofZenith)), 'a row');
  const status = await proxy.shell('h_autossh status');
  assert.match(status.stdout, /^zenith_orders: up/);
});
