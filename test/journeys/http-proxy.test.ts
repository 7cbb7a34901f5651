import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CommandResult,
  type Container,
  type Network,
  startContainer,
} from '../support/bed/index.ts';
import { shellLine } from '../support/bed/quote.ts';
import { startEnds } from '../support/hosts.ts';
import { type HttpProxyHost, startHttpProxyHost } from '../support/http-proxy-host.ts';
import { block, filteredProxyImage, unblock } from '../support/packet-filter.ts';
import { behindPrivateCa, PRIVATE_CA_FILE } from '../support/private-ca.ts';
import { placesHolding, watchToken } from '../support/token-watch.ts';
import { type MadeTunnel, portOf, type VendorHost } from '../support/vendor-host.ts';

let network: Network;
let vendor: VendorHost;

before(async () => {
  ({ network, vendor } = await startEnds(behindPrivateCa('vendor')));
});

after(() => network?.remove());

/** The programs of the service's user, by name. */
async function programs(proxy: Container): Promise<string[]> {
  const { stdout } = await proxy.shell('ps -u h_autossh -o comm=');
  return stdout.split('\n').filter(Boolean).sort();
}

const CARRYING = ['autossh', 'cat', 'cat', 'connect', 'connect', 'ssh'];

for (const unit of ['tinyproxy', 'squid'] as const) {
  describe(`through ${unit}, the direct way blocked`, () => {
    let gate: HttpProxyHost;
    let proxy: Container;
    let tunnel: MadeTunnel;
    let port: number;
    let service: string;
    let kept: string;

    before(async () => {
      [gate, proxy] = await Promise.all([
        startHttpProxyHost(network, unit),
        startContainer({
          image: filteredProxyImage(),
          network,
          name: `behind-${unit}`,
          capabilities: ['NET_ADMIN'],
        }),
      ]);
      tunnel = await vendor.makeTunnel(`by-${unit}`);
      port = portOf(tunnel);
      service = `h_autossh@acme_by-${unit}.service`;
      kept = `/etc/h_autossh/acme_by-${unit}/http-proxy`;
      await proxy.output(
        `curl -kfsS -o /root/install.sh https://vendor:8443/t/${tunnel.id}/install.sh`,
      );
      await proxy.writeFile(
        '/root/ca.pem',
        await vendor.container.output(`cat ${PRIVATE_CA_FILE}`),
      );
      await block(proxy, `ip daddr ${vendor.container.address}`);
    });

    /** Runs the installer from its file; the settings stand in the environment of one bash alone. */
    function installer(
      words: string[] = [],
      settings: Record<string, string> = {},
    ): Promise<CommandResult> {
      const variables = Object.entries(settings).map(
        ([name, value]) => `${name}=${shellLine([value])} `,
      );
      variables.push('CULVERT_CA_FILE=/root/ca.pem ');
      const command = ['bash', ...(words.length > 0 ? ['-s', '--', ...words] : [])].join(' ');
      const input = `${variables.join('')}${command} </root/install.sh\nexit $?\n`;
      return proxy.exec(['bash'], { input, timeoutMs: 180_000 });
    }

    test('without it a check says that nothing can be reached', async () => {
      const { code, stderr } = await installer(['check']);
      assert.equal(code, 4, stderr);
      assert.match(stderr, /2 found:/);
      assert.match(stderr, /tunnel server vendor port 50022: the connection is refused/);
      assert.match(stderr, /control plane https:\/\/vendor:8443: .+/);
      assert.match(stderr, /CULVERT_HTTP_PROXY/);
    });

    test('a wrong address of it is refused without repeating it', async () => {
      for (const wrong of [
        'gate:3128',
        'http://gate',
        'http://a%0ab:secret@gate:1',
        'https://gate:1',
      ]) {
        const { code, stdout, stderr } = await installer(['check'], { CULVERT_HTTP_PROXY: wrong });
        assert.equal(code, 2, stderr);
        assert.match(stderr, /CULVERT_HTTP_PROXY does not read/);
        assert.doesNotMatch(stdout + stderr, /secret/);
      }
    });

    test('one that is not there, or is none, is told apart', async () => {
      const dead = await installer(['check'], { CULVERT_HTTP_PROXY: `http://${unit}:3129` });
      assert.equal(dead.code, 4, dead.stderr);
      assert.match(
        dead.stderr,
        new RegExp(`HTTP proxy ${unit} port 3129: the connection is refused`),
      );
      const notOne = await installer(['check'], { CULVERT_HTTP_PROXY: 'http://database:5432' });
      assert.match(notOne.stderr, /HTTP proxy database port 5432/);
    });

    for (const program of ['curl', 'wget']) {
      test(`check is content, by ${program}, and its ticket names it`, async () => {
        if (program === 'wget') await proxy.output('mv /usr/bin/curl /root/curl');
        const settings = { CULVERT_HTTP_PROXY: gate.url };
        const { code, stdout, stderr } = await installer(['check'], settings);
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /tunnel server vendor port 50022, its pinned host key/);
        assert.match(stdout, new RegExp(`TCP to the HTTP proxy ${unit} port 3128`));
      });

      if (unit === 'squid') {
        test(`a wrong password and none are told apart, by ${program}`, async () => {
          const wrong = await installer(['check'], {
            CULVERT_HTTP_PROXY: `http://x:secret@${unit}:3128`,
          });
          assert.equal(wrong.code, 4, wrong.stderr);
          assert.match(wrong.stderr, /HTTP proxy squid port 3128 refused the user or the password/);
          assert.match(wrong.stderr, /control plane .*: the HTTP proxy on the way there refused/);
          assert.doesNotMatch(wrong.stderr + wrong.stdout, /secret/);
          const none = await installer(['check'], { CULVERT_HTTP_PROXY: `http://${unit}:3128` });
          assert.match(none.stderr, /asks for a user and a password/);
        });
      }
    }

    test('an installation by wget ends in a tunnel that answers, and shows its secrets to nobody', async () => {
      const watch = await watchToken(proxy, [tunnel.token, ...gate.secrets].join('\n'));
      const { code, stdout, stderr } = await installer([], {
        CULVERT_TOKEN: tunnel.token,
        CULVERT_HTTP_PROXY: gate.url,
      });
      const seen = await watch.stop();
      await proxy.output('mv /root/curl /usr/bin/curl');
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(seen, []);
      assert.equal(await vendor.query(port), 'a row');
      assert.deepEqual(await programs(proxy), CARRYING);
      assert.equal((await proxy.output(`stat -c '%U:%G %a' ${kept}`)).trim(), 'root:h_autossh 640');
    });

    if (unit === 'squid') {
      test('the password is in no argv, environment, unit or journal, and in one file', async () => {
        const watch = await watchToken(proxy, gate.secrets.join('\n'));
        await proxy.output('pkill -9 -x ssh');
        await vendor.untilAnswered(port);
        const rerun = await installer();
        assert.equal(rerun.code, 0, rerun.stdout + rerun.stderr);
        assert.deepEqual(await watch.stop(), []);
        const shown = await proxy.output(`systemctl show ${service}; systemctl cat ${service}`);
        const [password = '', encoded = ''] = gate.secrets;
        assert.deepEqual(await placesHolding(proxy, password), [kept]);
        assert.deepEqual(await placesHolding(proxy, encoded), []);
        assert.ok(!shown.includes(password) && !shown.includes(encoded));
      });
    }

    test('running it again without the variable keeps it, and restarts nothing', async () => {
      const pid = await proxy.output('pgrep -x ssh');
      const { code, stdout, stderr } = await installer();
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /left alone/);
      assert.equal(await proxy.output('pgrep -x ssh'), pid);
    });

    test('what h_autossh does afterwards goes that way, too, and so does a reboot', async () => {
      const watch = await watchToken(proxy, gate.secrets.join('\n'));
      for (const command of ['doctor', 'rotate-key', 'upgrade', 'status']) {
        const { code, stdout, stderr } = await proxy.shell(`h_autossh ${command}`);
        assert.equal(code, 0, `${command}: ${stdout}${stderr}`);
        assert.equal(await vendor.query(port), 'a row', command);
      }
      assert.deepEqual(await watch.stop(), []);
      await proxy.restart();
      await block(proxy, `ip daddr ${vendor.container.address}`);
      await proxy.output(`systemctl restart ${service}`);
      await vendor.untilAnswered(port);
      assert.deepEqual(await programs(proxy), CARRYING);
    });

    test('it comes back after kill -9 of ssh, and nothing is orphaned', async () => {
      await proxy.output('pkill -9 -x ssh');
      await vendor.untilAnswered(port);
      assert.deepEqual(await programs(proxy), CARRYING);
    });

    test('after the HTTP proxy was gone for 30 s it is back within 15 s', async () => {
      await gate.container.output(`systemctl kill -s KILL ${unit}; systemctl stop ${unit}`);
      await sleep(30_000);
      assert.equal(await vendor.query(port), undefined);
      assert.match(
        await proxy.journal(service),
        new RegExp(`HTTP proxy ${unit} port 3128: the connection`),
      );
      await gate.container.output(`systemctl start ${unit}`);
      const took = await vendor.untilAnswered(port);
      assert.ok(took < 15_000, `${took} ms`);
      assert.deepEqual(await programs(proxy), CARRYING);
    });

    test('a stopped service leaves nothing behind', async () => {
      await proxy.output(`systemctl stop ${service}`);
      assert.deepEqual(await programs(proxy), []);
      await proxy.output(`systemctl start ${service}`);
      await vendor.untilAnswered(port);
    });

    test('"none" forgets it: then there is neither a password nor a ProxyCommand', async () => {
      await unblock(proxy);
      const { code, stdout, stderr } = await installer([], { CULVERT_HTTP_PROXY: 'none' });
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(await programs(proxy), ['autossh', 'ssh']);
      assert.notEqual((await proxy.shell(`ls ${kept}`)).code, 0);
    });

    test('uninstalled through it, nothing is left', async () => {
      const again = await installer([], { CULVERT_HTTP_PROXY: gate.url });
      assert.equal(again.code, 0, again.stdout + again.stderr);
      await block(proxy, `ip daddr ${vendor.container.address}`);
      const { code, stdout, stderr } = await installer(['uninstall']);
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
      assert.match(stdout, /has removed this host's key/);
      const left = await proxy.shell(
        'ls -d /etc/h_autossh /var/lib/h_autossh /usr/local/lib/h_autossh',
      );
      assert.equal(left.stdout, '');
    });
  });
}
