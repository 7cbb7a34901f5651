import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Container, type Network, startContainer } from '../support/bed/index.ts';
import { DISTROS, type Distro } from '../support/distros.ts';
import { startEnds } from '../support/hosts.ts';
import { addSudoer, install, onTerminal, pastedLine } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

const last = (family: Distro['family']) =>
  DISTROS.filter((distro) => distro.family === family).slice(-1);

let network: Network;
let vendor: VendorHost;

before(async () => {
  ({ network, vendor } = await startEnds());
});

after(() => network?.remove());

/** Cuts the host off from every package source that it has, or gives them back. */
const CUT_OFF = `
  echo 'Acquire::http::Proxy "http://127.0.0.1:9";' >/etc/apt/apt.conf.d/99zz-cut-off 2>/dev/null
  [ ! -e /etc/dnf/dnf.conf ] || sed -i '/^\\[main]/a proxy=http://127.0.0.1:9' /etc/dnf/dnf.conf
  [ ! -d /srv/repositories ] || mv /srv/repositories /srv/away
  command -v apt-get >/dev/null || dnf clean all >/dev/null`;
const CONNECT = `
  rm -f /etc/apt/apt.conf.d/99zz-cut-off
  [ ! -e /etc/dnf/dnf.conf ] || sed -i '/^proxy=/d' /etc/dnf/dnf.conf
  [ ! -d /srv/away ] || mv /srv/away /srv/repositories`;

const REMOVE_SSH: Record<Distro['family'], string> = {
  debian: 'dpkg --purge --force-depends openssh-client',
  rhel: 'rpm -e --nodeps openssh-clients',
};

const ADD_DEAD_SOURCE: Record<Distro['family'], string> = {
  debian: `echo 'deb http://127.0.0.1:9/debian sid main' >/etc/apt/sources.list.d/dead.list`,
  rhel: `printf '[dead]\\nname=Dead\\nbaseurl=http://127.0.0.1:9/\\nenabled=1\\n' >/etc/yum.repos.d/dead.repo`,
};

for (const distro of [...last('debian'), ...last('rhel')]) {
  describe(`on ${distro.title}`, () => {
    let proxy: Container;
    let tunnel: MadeTunnel;

    before(async () => {
      proxy = await startContainer({ image: distro.image, network, name: distro.name });
      tunnel = await vendor.makeTunnel(distro.name);
    });

    test('cut off from packages, without ssh: one message, and the same command goes on', async (t) => {
      t.diagnostic(`ran on: ${distro.title}`);
      await proxy.output(`${REMOVE_SSH[distro.family]} 2>&1`);
      await proxy.shell(CUT_OFF);
      const refused = await install(proxy, urlOf(tunnel), { token: tunnel.token });
      await proxy.shell(CONNECT);
      assert.equal(refused.code, 5, refused.stdout + refused.stderr);
      assert.equal(refused.stderr.match(/^error: /gm)?.length, 1, refused.stderr);
      assert.match(refused.stderr, /error: No package source of this host has openssh-client/);
      assert.notEqual((await proxy.shell('ls /etc/systemd/system/h_autossh*')).code, 0);

      const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
        token: tunnel.token,
        arguments: ['--plain-ssh'],
      });
      assert.equal(code, 0, stdout + stderr);
      assert.equal(await vendor.query(portOf(tunnel)), 'a row');
    });

    test('cut off from packages, with ssh: plain ssh holds the tunnel, and that is said', async () => {
      const other = await vendor.makeTunnel(`${distro.name}-off`);
      await proxy.shell(`rm -rf /var/lib/apt/lists/*; ${CUT_OFF}`);
      const { code, stdout, stderr } = await install(proxy, urlOf(other), { token: other.token });
      await proxy.shell(CONNECT);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /No package source of this host has autossh: plain ssh/);
      assert.equal(await vendor.query(portOf(other)), 'a row');
    });

    if (distro.autossh !== 'nowhere') {
      test('a package source that is dead does not stop it', async () => {
        await proxy.output(ADD_DEAD_SOURCE[distro.family]);
        const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
          arguments: [distro.autossh === 'epel' ? '--enable-epel' : '--autossh'],
        });
        assert.equal(code, 0, stdout + stderr);
        await proxy.output('pgrep -x autossh');
        assert.equal(await vendor.query(portOf(tunnel)), 'a row');
      });
    }

    if (distro.autossh === 'epel') {
      test('EPEL that was there before is not recorded as ours', async () => {
        await proxy.output('rpm -q --whatprovides epel-release && rpm -e autossh 2>&1');
        const slug = `${distro.name}-epel`;
        const other = await vendor.makeTunnel(slug);
        const { code, stdout, stderr } = await install(proxy, urlOf(other), {
          token: other.token,
          arguments: ['--enable-epel'],
        });
        assert.equal(code, 0, stdout + stderr);
        const record = await proxy.output(`cat /var/lib/h_autossh/acme_${slug}/installed`);
        assert.deepEqual(record.match(/^package .*/gm), ['package autossh']);
      });
    }
  });
}

/** Half installed: it wants to ask a question, by debconf and past it, once it is configured. */
const UNPACK_A_QUESTION = `
mkdir -p /tmp/asks/DEBIAN
cd /tmp/asks/DEBIAN
printf 'Package: asks\\nVersion: 1\\nArchitecture: all\\nMaintainer: nobody <n@example.org>\\nDescription: asks\\n' >control
printf 'Template: asks/which\\nType: string\\nDescription: Which?\\n' >templates
printf '#!/bin/sh\\n. /usr/share/debconf/confmodule\\ndb_input critical asks/which\\ndb_go\\n' >config
printf '#!/bin/sh\\nsh /var/lib/dpkg/info/asks.config || true\\nread answer </dev/tty || exit 0\\n' >postinst
chmod 0755 config postinst
dpkg-deb --build /tmp/asks /tmp/asks.deb
dpkg --unpack /tmp/asks.deb`;

for (const distro of last('debian')) {
  test(`on ${distro.title}: half-installed packages are finished, and none may ask`, async (t) => {
    t.diagnostic(`ran on: ${distro.title}`);
    const proxy = await startContainer({ image: distro.image, network, name: 'asked' });
    const tunnel = await vendor.makeTunnel('asked');
    await addSudoer(proxy, 'dora', false);
    await proxy.output(`
      apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends needrestart
      echo "\\$nrconf{restart} = 'i';" >/etc/needrestart/conf.d/ask.conf`);
    await proxy.output(UNPACK_A_QUESTION);
    const screen = await onTerminal(
      proxy,
      'dora',
      [{ type: `${pastedLine(urlOf(tunnel), { token: tunnel.token })}; echo "ended with $?"` }],
      /ended with \d+/,
      90_000,
    );
    assert.match(screen, /ended with 0/, screen);
    assert.match(screen, /An earlier installation of packages was cut short; finishing it/);
    assert.equal(await proxy.output(`dpkg-query -W -f '\${db:Status-Status}' asks`), 'installed');
    assert.equal(await vendor.query(portOf(tunnel)), 'a row');
  });
}
