import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Container, type Network, proxyImage, startContainer } from '../support/bed/index.ts';
import { startEnds } from '../support/hosts.ts';
import { addSudoer, install, onTerminal, pastedLine } from '../support/installer.ts';
import { placesHolding, watchToken } from '../support/token-watch.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

let network: Network;
let vendor: VendorHost;
let database: Container;

before(async () => {
  ({ network, vendor, database } = await startEnds());
});

after(() => network?.remove());

function startProxy(name: string): Promise<Container> {
  return startContainer({ image: proxyImage(), network, name });
}

/** Everything that a second run must leave alone: files with their times, and what runs. */
function stateOf(proxy: Container): Promise<string> {
  return proxy.output(`
    find /etc /usr /var/lib/h_autossh -xdev -newermt @0 -printf '%p %m %u %g %s %T@\\n' | sort
    systemctl show -p MainPID -p ActiveEnterTimestampMonotonic 'h_autossh@*' h_autossh
    pgrep -x ssh
    dpkg -l`);
}

describe('as root', () => {
  let proxy: Container;
  let tunnel: MadeTunnel;
  const unit = 'h_autossh@acme_as-root.service';

  before(async () => {
    proxy = await startProxy('proxy-root');
    tunnel = await vendor.makeTunnel('as-root');
  });

  test('one pasted line ends in a tunnel that answers, and the token leaks nowhere', async () => {
    const watch = await watchToken(proxy, tunnel.token);
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), { token: tunnel.token });
    const seen = await watch.stop();
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await vendor.query(portOf(tunnel)), 'a row');
    assert.deepEqual(seen, []);
    assert.deepEqual(await placesHolding(proxy, tunnel.token), []);
    assert.doesNotMatch(stdout + stderr, new RegExp(tunnel.token));
  });

  test('the service is active, and enabled for the next boot', async () => {
    assert.equal((await proxy.output(`systemctl is-active ${unit}`)).trim(), 'active');
    assert.equal((await proxy.output(`systemctl is-enabled ${unit}`)).trim(), 'enabled');
  });

  test('the key and its folder are out of reach of others', async () => {
    const key = '/var/lib/h_autossh/acme_as-root/key';
    assert.equal((await proxy.output(`stat -c '%U:%G %a' ${key}`)).trim(), 'root:h_autossh 640');
    assert.notEqual((await proxy.exec(['cat', key], { user: 'nobody' })).code, 0);
  });

  test('running it again, without a token, changes nothing and restarts nothing', async () => {
    const before = await stateOf(proxy);
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel));
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await stateOf(proxy), before);
  });

  for (const [what, how] of [
    ['systemctl restart h_autossh', 'systemctl restart h_autossh'],
    ['kill -9 of ssh', 'pkill -9 -x ssh'],
    ['kill -9 of autossh', 'pkill -9 -x autossh'],
  ] as const) {
    test(`it comes back after ${what}`, async () => {
      await proxy.output(how);
      await vendor.untilAnswered(portOf(tunnel));
    });
  }

  test('it comes back after a reboot of the proxy', async () => {
    await proxy.restart();
    await vendor.untilAnswered(portOf(tunnel), 90_000);
  });

  test('with the control plane stopped the tunnel stays, and a killed ssh comes back', async () => {
    await vendor.systemctl('stop', 'culvert');
    try {
      assert.equal(await vendor.query(portOf(tunnel)), 'a row');
      await proxy.output('pkill -9 -x ssh');
      await vendor.untilAnswered(portOf(tunnel));
    } finally {
      await vendor.systemctl('start', 'culvert');
    }
  });

  test('with the agent frozen a live tunnel stays, and a killed ssh comes back', async () => {
    await vendor.container.output('kill -STOP $(systemctl show -P MainPID culvert-agent)');
    try {
      assert.equal(await vendor.query(portOf(tunnel)), 'a row');
      await proxy.output('pkill -9 -x ssh');
      await vendor.untilAnswered(portOf(tunnel));
    } finally {
      await vendor.container.output('kill -CONT $(systemctl show -P MainPID culvert-agent)');
    }
  });

  test('the tunnel port does not answer from another host', async () => {
    const address = `${vendor.container.address}/${portOf(tunnel)}`;
    const { code } = await database.shell(`timeout 3 bash -c 'exec 3<>/dev/tcp/${address}'`);
    assert.notEqual(code, 0);
  });
});

describe('as a sudoer', () => {
  test('without a sudo password', async () => {
    const proxy = await startProxy('proxy-sudo');
    const tunnel = await vendor.makeTunnel('by-sudo');
    await addSudoer(proxy, 'alice', false);
    const watch = await watchToken(proxy, tunnel.token);
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
      user: 'alice',
      token: tunnel.token,
    });
    const seen = await watch.stop();
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await vendor.query(portOf(tunnel)), 'a row');
    assert.deepEqual(seen, []);
    assert.deepEqual(await placesHolding(proxy, tunnel.token), []);
  });

  test('with a sudo password and the token, both asked for on the terminal', async () => {
    const proxy = await startProxy('proxy-password');
    const tunnel = await vendor.makeTunnel('by-password');
    await addSudoer(proxy, 'bob', true);
    const screen = await onTerminal(
      proxy,
      'bob',
      [
        { type: `${pastedLine(urlOf(tunnel))}; echo "ended with $?"` },
        { after: /Enrolment token from Acme BI \(not shown\): /, type: tunnel.token },
        { after: /password for bob: /, type: 'bob' },
      ],
      /ended with \d+/,
    );
    assert.match(screen, /ended with 0/, screen);
    assert.equal(await vendor.query(portOf(tunnel)), 'a row');
    assert.doesNotMatch(screen, new RegExp(tunnel.token));
  });
});
