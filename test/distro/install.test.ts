import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Container, type Network, startContainer } from '../support/bed/index.ts';
import { DISTROS, type Distro } from '../support/distros.ts';
import { startEnds } from '../support/hosts.ts';
import { install } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** From this version on `systemd-analyze security` takes a file and a limit. */
const SYSTEMD_THAT_JUDGES = 252;

let network: Network;
let vendor: VendorHost;

before(async () => {
  ({ network, vendor } = await startEnds());
});

after(() => network?.remove());

/** How a tunnel is asked for, and which program then holds it. */
interface Way {
  name: string;
  download: 'curl' | 'wget';
  arguments: string[];
  program: 'autossh' | 'ssh';
}

/** First as pasted, then the other way and without curl, on the same host. */
function waysOf({ autossh }: Distro): Way[] {
  const pasted: Way = { name: 'pasted', download: 'curl', arguments: [], program: 'autossh' };
  const other: Way = { ...pasted, name: 'wget', download: 'wget' };
  if (autossh === 'packages') {
    return [pasted, { ...other, arguments: ['--plain-ssh'], program: 'ssh' }];
  }
  if (autossh === 'nowhere') {
    return [
      { ...pasted, program: 'ssh' },
      { ...other, program: 'ssh' },
    ];
  }
  return [
    { ...pasted, program: 'ssh' },
    { ...other, arguments: ['--enable-epel'] },
  ];
}

// Each host of its own waits for the others' most of the time.
describe('a proxy', { concurrency: true }, () => {
  for (const distro of DISTROS) {
    describe(`on ${distro.title}`, { concurrency: false }, () => testOn(distro));
  }
});

function testOn(distro: Distro): void {
  const ways = waysOf(distro);
  const tunnels: MadeTunnel[] = [];
  let proxy: Container;
  let initially: Set<string>;

  before(async () => {
    proxy = await startContainer({ image: distro.image, network, name: distro.name });
    await proxy.output(
      'command -v wget || { apt-get update -qq && apt-get install -yqq wget; } || dnf install -yq wget',
    );
    initially = await filesOf(proxy);
  });

  for (const [index, way] of ways.entries()) {
    const slug = `${distro.name}-${way.name}`;
    const unit = `h_autossh@acme_${slug}.service`;
    const { download } = way;

    test(`${way.name}: a check finds all that is needed, and changes nothing`, async () => {
      if (download === 'wget') await proxy.output('mv "$(command -v curl)" /usr/bin/curl.away');
      const tunnel = await vendor.makeTunnel(slug);
      tunnels[index] = tunnel;
      const before = await filesOf(proxy);
      const checked = await install(proxy, urlOf(tunnel), { arguments: ['check'], download });
      assert.equal(checked.code, 0, checked.stdout + checked.stderr);
      assert.deepEqual([...(await filesOf(proxy)).symmetricDifference(before)], []);
    });

    test(`${way.name}: installs, and the vendor can query`, async (t) => {
      t.diagnostic(`ran on: ${distro.title}`);
      const tunnel = tunnels[index] as MadeTunnel;
      const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
        token: tunnel.token,
        arguments: way.arguments,
        download,
      });
      assert.equal(code, 0, stdout + stderr);
      assert.equal(await vendor.query(portOf(tunnel)), 'a row');
      assert.match(
        await proxy.output(`systemctl show -p ExecStart ${unit}`),
        new RegExp(`path=/usr/bin/${way.program} `),
      );
    });

    test(`${way.name}: once more, without a token or an option, changes nothing`, async () => {
      const tunnel = tunnels[index] as MadeTunnel;
      const before = await stateOf(proxy);
      const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), { download });
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual([...before.symmetricDifference(await stateOf(proxy))], []);
    });

    test(`${way.name}: systemd finds nothing wrong with the unit, and little exposed`, async () => {
      const { stdout, stderr } = await proxy.shell(`systemd-analyze verify --man=no ${unit}`);
      // An old one says of what it does not know yet that it leaves it out.
      const said = (stdout + stderr)
        .split('\n')
        .filter((line) => !/Unknown (lvalue|key)/.test(line));
      assert.deepEqual(said, ['']);
      const version = Number((await proxy.output('systemctl --version')).split(' ')[1]);
      if (version < SYSTEMD_THAT_JUDGES) return;
      // As it was written: a host that keeps something from it, as containers do, is another matter.
      await proxy.output(`
        cp /etc/systemd/system/${unit} /run/judged.service
        systemd-analyze security --offline=true --threshold=12 /run/judged.service`);
    });

    test(`${way.name}: comes back when ssh is killed`, async () => {
      await proxy.output(`pkill -9 -x ssh`);
      await vendor.untilAnswered(portOf(tunnels[index] as MadeTunnel));
    });
  }

  test('every tunnel comes back after a reboot', async () => {
    await proxy.restart();
    for (const tunnel of tunnels) await vendor.untilAnswered(portOf(tunnel), 90_000);
  });

  for (const command of ['doctor', 'rotate-key', 'upgrade', 'status']) {
    test(`h_autossh ${command}, for each of its tunnels`, async () => {
      for (const tunnel of tunnels) {
        await vendor.untilReported(tunnel);
        const { code, stdout, stderr } = await proxy.shell(`h_autossh ${command} ${tunnel.slug}`);
        assert.equal(code, 0, stdout + stderr);
        await vendor.untilAnswered(portOf(tunnel));
      }
    });
  }

  test('uninstalled, it keeps no package, unit, file or user of ours', async () => {
    for (const tunnel of tunnels) {
      const { code, stdout, stderr } = await proxy.shell(
        `h_autossh uninstall ${tunnel.slug} --packages`,
      );
      assert.equal(code, 0, stdout + stderr);
    }
    await proxy.shell('mv /usr/bin/curl.away /usr/bin/curl');
    const left = [...(await filesOf(proxy)).difference(initially)];
    assert.deepEqual(
      left.filter((file) => !MAY_STAY.test(file)),
      [],
    );
    assert.notEqual((await proxy.shell('id h_autossh')).code, 0);
  });
}

/** What others keep of it: useradd's copies, caches and history of package managers, systemd's own. */
const MAY_STAY =
  /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$|^\/var\/(cache|log)\/|^\/var\/lib\/(apt|dpkg|dnf|rpm|systemd)\/|^\/var\/tmp\/systemd-private-(?!.*h_autossh)/;

/** The files of its disk by name. */
async function filesOf(proxy: Container): Promise<Set<string>> {
  return new Set(
    (await proxy.output("find / -xdev ! -path '/proc/*' ! -path '/run/*' ! -path '/tmp/*'")).split(
      '\n',
    ),
  );
}

/** Everything that a second run must leave alone: files with their times, what runs, and packages. */
async function stateOf(proxy: Container): Promise<Set<string>> {
  const state = await proxy.output(`
    find /etc /usr /var/lib/h_autossh -xdev -printf '%p %m %u %g %s %T@\\n' | sort
    systemctl show -p MainPID -p ActiveEnterTimestampMonotonic 'h_autossh@*' h_autossh
    pgrep -x ssh
    if command -v dpkg-query >/dev/null; then dpkg-query -W; else rpm -qa | sort; fi`);
  return new Set(state.split('\n'));
}
