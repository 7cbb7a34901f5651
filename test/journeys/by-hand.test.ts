import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** The steps that docs/installer.md gives for a tunnel without the installer, as they stand there. */
const page = readFileSync(new URL('../../docs/installer.md', import.meta.url), 'utf8');
const [, steps = ''] = /A test runs this block\. -->\n```sh\n(.*?)^```$/ms.exec(page) ?? [];

let network: Network;
let vendor: VendorHost;
let proxy: Container;
let tunnel: MadeTunnel;

before(async () => {
  ({ network, vendor, proxy, tunnel } = await startHosts('orders'));
});

after(() => network?.remove());

test('the steps by hand, pasted, open the tunnel', async () => {
  assert.match(steps, /ssh-keygen/);
  const { code, stdout, stderr } = await proxy.exec(['bash', '-e'], {
    folder: '/root',
    env: { INSTALLER_URL: urlOf(tunnel), CULVERT_TOKEN: tunnel.token },
    input: steps,
    timeoutMs: 120_000,
  });
  assert.equal(code, 0, stdout + stderr);
  await vendor.untilAnswered(portOf(tunnel));
});

test('doctor examines it by its ssh_config', async () => {
  await vendor.untilReported(tunnel);
  const { code, stdout, stderr } = await proxy.shell(
    'bash /root/install.sh doctor --ssh-config /etc/h_autossh/acme_orders/ssh_config',
  );
  assert.equal(code, 0, stdout + stderr);
});

test('the installer takes it over with its key, and takes it away', async () => {
  const key = await proxy.output('cat /var/lib/h_autossh/acme_orders/key');
  const { code, stdout, stderr } = await install(proxy, urlOf(tunnel));
  assert.equal(code, 0, stdout + stderr);
  assert.equal(await proxy.output('cat /var/lib/h_autossh/acme_orders/key'), key);
  await vendor.untilAnswered(portOf(tunnel));

  const removal = await proxy.shell('h_autossh uninstall');
  assert.equal(removal.code, 0, removal.stdout + removal.stderr);
  const left =
    'ls -d /etc/h_autossh /var/lib/h_autossh /usr/local/lib/h_autossh /etc/systemd/system/h_*';
  assert.equal((await proxy.shell(left)).stdout, '');
});
