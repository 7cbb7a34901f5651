import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Container, type Network, proxyImage, startContainer } from '../support/bed/index.ts';
import { startEnds } from '../support/hosts.ts';
import { install, pastedLine } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** What systems say of themselves, and what the installer then misses on a host that has apt alone. */
const UNKNOWN = /This installer does not know/;
const NO_DNF = /no package manager that this installer knows/;
const SYSTEMS: [string, RegExp | undefined][] = [
  ['ID=debian', undefined],
  ['ID=ubuntu\nID_LIKE=debian', undefined],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"', undefined],
  ['ID="rhel"\nID_LIKE="fedora"', NO_DNF],
  ['ID=rocky\nID_LIKE="rhel centos fedora"', NO_DNF],
  ['ID=almalinux\nID_LIKE="rhel centos fedora"', NO_DNF],
  ['ID="centos"\nID_LIKE="rhel fedora"', NO_DNF],
  ['ID="ol"\nID_LIKE="fedora"', NO_DNF],
  ['ID="amzn"\nID_LIKE="fedora"', NO_DNF],
  ['ID=fedora', NO_DNF],
  ['ID=scientific\nID_LIKE="rhel centos fedora"', NO_DNF],
  ['ID="sles"\nID_LIKE="suse"', UNKNOWN],
  ['ID=arch', UNKNOWN],
  ['NAME=nothing', UNKNOWN],
];

let network: Network;
let vendor: VendorHost;

before(async () => {
  ({ network, vendor } = await startEnds());
});

after(() => network?.remove());

describe('detection', () => {
  let proxy: Container;
  let tunnel: MadeTunnel;

  before(async () => {
    proxy = await startContainer({ image: proxyImage(), network, name: 'detected' });
    tunnel = await vendor.makeTunnel('detected');
    await proxy.output('rm /etc/os-release');
  });

  for (const [release, missing] of SYSTEMS) {
    test(`${release.replace('\n', ', ')}: ${missing ? 'refused' : 'taken'}`, async () => {
      await proxy.writeFile('/etc/os-release', `${release}\n`);
      const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
        arguments: ['--dry-run'],
      });
      assert.equal(code, missing ? 3 : 0, stdout + stderr);
      if (missing) assert.match(stderr, missing);
    });
  }

  test('without systemd: names the way without a service, and the page that explains it', async () => {
    await proxy.writeFile('/etc/os-release', 'ID=debian\n');
    await proxy.output('mv /run/systemd/system /run/systemd/away');
    const { code, stderr } = await install(proxy, urlOf(tunnel), { token: tunnel.token });
    await proxy.output('mv /run/systemd/away /run/systemd/system');
    assert.equal(code, 3, stderr);
    assert.match(stderr, /install\.sh run/);
    assert.ok(stderr.includes(`http://vendor:8080/t/${tunnel.id}`), stderr);
  });

  test('a container is told what it is', async () => {
    const { stdout } = await install(proxy, urlOf(tunnel), { arguments: ['check'] });
    assert.match(stdout, /This is a container \(podman\)/);
  });
});

/** What a container keeps from the unit, by the rights it has; systemd 252 gets along with less than these. */
const KEPT_BACK = {
  'no further rights': {
    capabilities: [],
    lines: ['PrivateUsers=no', 'TemporaryFileSystem=', 'BindReadOnlyPaths='],
  },
  'the right to mount': { capabilities: ['SYS_ADMIN'], lines: ['PrivateUsers=no'] },
};

for (const suite of ['bullseye', 'trixie']) {
  for (const [index, [rights, { capabilities, lines }]] of Object.entries(KEPT_BACK).entries()) {
    test(`systemd of ${suite} in a container with ${rights}: does without, and says so`, async () => {
      const name = `${suite}-${index}`;
      const image = proxyImage(suite);
      const proxy = await startContainer({ image, network, name, capabilities });
      const tunnel = await vendor.makeTunnel(name);
      const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
        token: tunnel.token,
        arguments: ['--plain-ssh'],
      });
      assert.equal(code, 0, stdout + stderr);
      assert.equal(stderr, '');
      assert.equal(await vendor.query(portOf(tunnel)), 'a row');
      assert.match(stdout, /This host gives a service no users of its own: doing without/);
      const file = `/etc/systemd/system/h_autossh@acme_${name}.service.d/host.conf`;
      assert.deepEqual((await proxy.output(`sed 1,2d ${file}`)).trimEnd().split('\n'), lines);
    });
  }
}

test('in FIPS mode the key is ECDSA, and the tunnel comes up with it', async () => {
  const proxy = await startContainer({
    image: proxyImage(),
    network,
    name: 'fips',
    capabilities: ['SYS_ADMIN'],
  });
  const tunnel = await vendor.makeTunnel('fips');
  // This kernel has no such file; the installer sees one in a mount namespace of its own.
  await proxy.writeFile(
    '/root/in-fips-mode',
    `mount -t tmpfs tmpfs /proc/sys && mkdir /proc/sys/crypto &&
      echo 1 >/proc/sys/crypto/fips_enabled && bash -s\n`,
  );
  const { code, stdout, stderr } = await proxy.exec(
    ['unshare', '--mount', 'bash', '/root/in-fips-mode'],
    {
      input: `${pastedLine(urlOf(tunnel), { token: tunnel.token, arguments: ['--plain-ssh'] })}\nexit $?\n`,
      env: { HOME: '/root' },
    },
  );
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /FIPS mode is on: the key will be ECDSA P-256/);
  const key = '/var/lib/h_autossh/acme_fips/key.pub';
  assert.match(await proxy.output(`cat ${key}`), /^ecdsa-sha2-nistp256 /);
  assert.equal(await vendor.query(portOf(tunnel)), 'a row');
});
