import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** Moments of an installation, which takes about three seconds; more of them where it changes most. */
const SECONDS = Array.from({ length: 20 }, () => 0.5 + 2.5 * Math.random() ** 1.5);

let network: Network;
let vendor: VendorHost;
let proxy: Container;
let tunnel: MadeTunnel;
let url: string;

before(async () => {
  ({ network, vendor, proxy, tunnel } = await startHosts('cut'));
  url = urlOf(tunnel);
  await proxy.output(
    'apt-get update -qq && apt-get install -y -qq --no-install-recommends autossh',
  );
});

after(() => network?.remove());

test('killed with -9 at 20 random moments, the same command goes on and ends well', async (t) => {
  t.diagnostic(`killed after ${SECONDS.map((seconds) => seconds.toFixed(2)).join(', ')} s`);
  for (const seconds of SECONDS) {
    await proxy.exec(['bash'], {
      input: `curl -fsSL ${url} | CULVERT_TOKEN=${tunnel.token} timeout -s KILL ${seconds} bash\n`,
    });
  }
  const { code, stdout, stderr } = await install(proxy, url, { token: tunnel.token });
  assert.equal(code, 0, stdout + stderr);
  assert.equal(await vendor.query(portOf(tunnel)), 'a row');
});

test('whatever was left half-made is gone, and uninstalling leaves nothing', async () => {
  const halfMade =
    "find /etc /var/lib /usr/local/lib -name '*.new' -o -name 'new' -path '*h_autossh*'";
  assert.equal(await proxy.output(halfMade), '');
  const { code, stderr } = await install(proxy, url, { arguments: ['uninstall'] });
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  const left = await proxy.shell(
    'ls -d /etc/h_autossh /var/lib/h_autossh /usr/local/lib/h_autossh /etc/systemd/system/h_auto*',
  );
  assert.equal(left.stdout, '');
});
