import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

let network: Network;
let vendor: VendorHost;
let proxy: Container;
let first: MadeTunnel;
let second: MadeTunnel;
let initially: Set<string>;

/** Everything on the host's disk but what the system itself writes all the time. */
async function files(): Promise<Set<string>> {
  const found = await proxy.output(
    "find / -xdev ! -path '/proc/*' ! -path '/sys/*' ! -path '/run/*' ! -path '/tmp/*' ! -path '/var/log/*'",
  );
  return new Set(found.split('\n'));
}

before(async () => {
  ({ network, vendor, proxy, tunnel: first } = await startHosts('first'));
  second = await vendor.makeTunnel('second');
  // apt's own lists stay.
  await proxy.output('apt-get update -qq');
  initially = await files();
  for (const tunnel of [first, second]) {
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), { token: tunnel.token });
    assert.equal(code, 0, stdout + stderr);
  }
});

after(() => network?.remove());

async function uninstall(tunnel: MadeTunnel, ...options: string[]): Promise<void> {
  const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
    arguments: ['uninstall', ...options],
  });
  assert.equal(code, 0, stdout + stderr);
  assert.equal(stderr, '');
  const { items } = await vendor.api<{ items: { removed_at: number | null }[] }>(
    'GET',
    `/v1/tunnels/${tunnel.id}/keys`,
  );
  assert.ok(items.length === 1 && items[0]?.removed_at, 'the vendor has removed the key');
}

test('two tunnels stand side by side on one host', async () => {
  assert.equal(await vendor.query(portOf(first)), 'a row');
  assert.equal(await vendor.query(portOf(second)), 'a row');
});

test('uninstalling one leaves the other alone', async () => {
  const pid = await proxy.output('systemctl show -P MainPID h_autossh@acme_second');
  await uninstall(first);
  assert.equal(await proxy.output('systemctl show -P MainPID h_autossh@acme_second'), pid);
  assert.equal(await vendor.query(portOf(second)), 'a row');
  assert.equal(await vendor.query(portOf(first)), undefined);
});

test('the package that the first installed stays as long as the second needs it', async () => {
  assert.equal((await proxy.shell('command -v autossh')).code, 0);
});

test('uninstalling the last leaves nothing of ours', async () => {
  await uninstall(second, '--packages');
  const left = [...(await files())].filter((file) => !initially.has(file));
  // useradd and userdel keep what was there before them; apt keeps caches of its own.
  const allowed = /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$|^\/var\/cache\/apt\//;
  assert.deepEqual(
    left.filter((file) => !allowed.test(file)),
    [],
  );
  assert.notEqual((await proxy.shell('id h_autossh')).code, 0);
  const units = await proxy.output('systemctl list-units --all --plain --no-legend "h_autossh*"');
  assert.equal(units, '');
});

test('uninstalling what is not there says so', async () => {
  const { code, stderr } = await install(proxy, urlOf(first), { arguments: ['uninstall'] });
  assert.equal(code, 2);
  assert.match(stderr, /not installed on this host/);
});
