import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  loadCatalogue,
  renderTunnelServerScript,
  type TunnelServerInput,
} from '../../src/render/index.ts';
import { runCommand } from '../support/bed/command.ts';
import {
  type Container,
  type Network,
  proxyImage,
  startContainer,
  vendorImage,
} from '../support/bed/index.ts';
import { TUNNEL_SERVERS } from '../support/dist-scripts/accounts.ts';
import { startEnds } from '../support/hosts.ts';
import { addSudoer, install, onTerminal } from '../support/installer.ts';
import { until } from '../support/until.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';
import { changes, filesOf } from './support/disk.ts';
import { isExplainedKeyExchange, unexplainedExposure } from './support/exposure.ts';
import {
  putCulvert,
  query,
  SYSTEMS,
  type System,
  startServer,
  stateOfOwnSshd,
} from './support/tunnel-server-host.ts';

const MINUTE_MS = 60_000;

/** What a package manager and useradd keep of it, and what others write meanwhile. */
const MAY_STAY =
  /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^\/var\/(cache|log|tmp)\/|^\/var\/lib\/(apt|dnf|dpkg|rpm|systemd|pam|ucf|private)\b|^\/root|^\/etc\/(machine-id|resolv\.conf|ld\.so\.cache)$/;

let network: Network;
let vendor: VendorHost;
let account: string;

before(async () => {
  ({ network, vendor } = await startEnds());
  const { items } = await vendor.api<{ items: { id: string }[] }>('GET', '/v1/accounts');
  account = items[0]?.id ?? '';
});

after(() => network?.remove());

describe('the installer of a tunnel server', { concurrency: true }, () => {
  for (const system of SYSTEMS) {
    describe(`on ${system.title}`, { concurrency: false }, () => testOn(system));
  }
});

test('a host with an OpenSSH that is too old is refused, and nothing is changed', async () => {
  const host = await startContainer({ image: vendorImage('bullseye'), network, name: 'debian11' });
  const before = await filesOf(host);
  const { bytes } = renderTunnelServerScript(
    loadCatalogue(),
    TUNNEL_SERVERS['plain'] as TunnelServerInput,
  );
  const { code, stderr } = await host.exec(['bash'], { input: bytes });
  assert.equal(code, 4, stderr);
  assert.match(stderr, /OpenSSH 8\.4 is too old/);
  assert.deepEqual(changes(before, await filesOf(host)), []);
});

test('takes over from an agent that was run by hand: same host keys, no token', async () => {
  const name = 'by-hand';
  const region = await vendor.api<{ id: string }>('POST', '/v1/regions', { slug: name, name });
  const added = await vendor.api<{ join_token: string }>(
    'POST',
    `/v1/regions/${region.id}/servers`,
    { host: name },
  );
  const host = await startServer({ name, image: vendorImage() }, network, vendor);
  await putCulvert(host);
  await host.output(
    `systemd-run -q --unit=hand -p KillMode=process -E CULVERT_JOIN_TOKEN=${added.join_token} \
       /usr/local/bin/culvert tunnel-server --control-plane http://vendor:8080`,
  );
  const isThere = (path: string) => async () => (await host.shell(`test -s ${path}`)).code === 0;
  await until('its keys', isThere('/var/lib/culvert/keys.json'));
  await host.output("systemctl stop hand; pkill -f '^culvert-sshd-'");
  const { code, stdout, stderr } = await host.shell(
    'bash /root/install.sh --adopt /var/lib/culvert',
  );
  assert.equal(code, 0, stdout + stderr);
  await host.output(`
    cmp /var/lib/culvert/host_key /etc/culvert-sshd/host_key
    cmp /var/lib/culvert/host_key_spare /etc/culvert-sshd/host_key_spare
    test -s /var/lib/culvert-agent/keys.json`);
});

function testOn(system: System): void {
  let host: Container;
  let proxy: Container;
  let region: string;
  let token: string;
  let tunnel: MadeTunnel;
  let initially: Map<string, string>;
  let ownSshd: string;

  const run = (words = '', environment: Record<string, string> = {}) =>
    host.exec(['bash', '-c', `bash /root/install.sh ${words}`], {
      env: environment,
      timeoutMs: 5 * MINUTE_MS,
    });
  const port = () => portOf(tunnel);
  const session = async () =>
    (await host.shell(`cat /run/culvert-sshd/sessions/${port()}`)).stdout.split(' ')[0];
  const listens = async (number: number) =>
    (await host.output(`ss -Hltn 'sport = :${number}'`)) !== '';
  const answers = async () => (await query(host, port())) === 'a row';

  before(async () => {
    const made = await vendor.api<{ id: string }>('POST', '/v1/regions', {
      slug: system.name,
      name: system.title,
    });
    region = made.id;
    const added = await vendor.api<{ join_token: string }>(
      'POST',
      `/v1/regions/${region}/servers`,
      { host: system.name },
    );
    token = added.join_token;
    [host, proxy] = await Promise.all([
      startServer(system, network, vendor),
      startContainer({ image: proxyImage(), network, name: `${system.name}-proxy` }),
    ]);
    if (system.hasSshd) await host.output('systemctl unmask ssh; systemctl enable --now ssh');
    await addSudoer(host, 'jo', false);
    await host.output('install -m 0644 /root/install.sh /home/jo/install.sh');
    await host.shell('apt-get update -qq; apt-get clean');
    initially = await filesOf(host);
    ownSshd = await stateOfOwnSshd(host);
  });

  test('names everything that is missing at once, and changes nothing', async () => {
    const listener = host.spawn([
      ...['/opt/culvert/node_modules/.bin/node', '-e'],
      `require("net").createServer().listen(50022, () => console.log("there"));
       process.stdin.resume().on("end", () => process.exit())`,
    ]);
    await new Promise((resolve) => listener.stdout.once('data', resolve));
    const { code, stderr } = await run();
    assert.equal(code, 4, stderr);
    assert.match(stderr, /nothing was changed; 3 found:/);
    for (const what of [/join token is needed/, /no command culvert/, /port 50022 is taken/]) {
      assert.match(stderr, what);
    }
    listener.stdin.end();
    await until('the end of it', async () => !(await listens(50022)));
    assert.deepEqual(changes(initially, await filesOf(host)), []);
  });

  test('takes no culvert that others can change', async () => {
    await host.writeFile('/opt/open/culvert', '#!/bin/sh\n', '0777');
    const { code, stderr } = await run('--culvert /opt/open/culvert --dry-run');
    assert.equal(code, 4, stderr);
    assert.match(stderr, /others than root can change \/opt\/open\/culvert/);
    await host.output('rm -r /opt/open');
  });

  test('a dry run prints the plan, and changes nothing', async () => {
    await putCulvert(host);
    initially = await filesOf(host);
    const { code, stdout, stderr } = await run('--dry-run');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /culvert-sshd\.service, which listens on 0\.0\.0\.0 port 50022/);
    assert.deepEqual(changes(initially, await filesOf(host)), []);
  });

  test('killed in the middle, it has left nothing that the next run minds', async () => {
    const child = host.spawn(['bash', '/root/install.sh'], { env: { CULVERT_JOIN_TOKEN: token } });
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    await until('the files', async () => said.includes('Wrote /etc/culvert-sshd/login-hook'));
    await host.output("pkill -KILL -f '^bash /root/install.sh' || true");
  });

  test(`installs, with the token from ${system.tokenFrom}, and keeps it nowhere`, async (t) => {
    t.diagnostic(`ran on: ${system.title}`);
    if (system.tokenFrom === 'the terminal') {
      const line = { type: 'bash /home/jo/install.sh; echo ended with $?' };
      const answer = { type: token, after: /not shown\): / };
      const screen = await onTerminal(host, 'jo', [line, answer], /ended with \d+/);
      assert.match(screen, /ended with 0/);
      assert.ok(!screen.includes(token));
    } else {
      const isFile = system.tokenFrom === 'a file';
      if (isFile) await host.writeFile('/root/join', `${token}\n`, '0600');
      const { code, stdout, stderr } = isFile
        ? await run('--join-token-file /root/join')
        : await run('', { CULVERT_JOIN_TOKEN: token });
      assert.equal(code, 0, stdout + stderr);
      assert.equal(stderr, '');
      assert.ok(!stdout.includes(token));
      await host.output('rm -f /root/join');
    }
    const found = await host.shell(`
      grep -rlsF ${token} /etc /root /var /run /tmp /home /usr/local | grep -v '^/run/log/journal'
      journalctl --no-pager | grep -F ${token}`);
    assert.equal(found.stdout, '');
  });

  test('what root reads and runs is root’s, and the agent has one capability', async () => {
    const owned = await host.output(`
      find /etc/culvert-sshd /etc/pam.d/culvert-sshd ! -user root -o -perm /022 ! -type l
      stat -c '%a %U' /etc/culvert-sshd/host_key /etc/culvert-sshd/host_key_spare`);
    assert.equal(owned, '600 root\n600 root\n');
    const agent = await host.output(`
      pid=$(systemctl show -P MainPID culvert-agent); stat -c %U /proc/$pid
      grep -E '^Cap(Prm|Eff|Bnd|Amb)' /proc/$pid/status`);
    const kill = '0000000000000020';
    assert.equal(
      agent.replaceAll('\t', ' '),
      `culvert-agent\nCapPrm: ${kill}\nCapEff: ${kill}\nCapBnd: ${kill}\nCapAmb: ${kill}\n`,
    );
  });

  test('systemd finds nothing wrong with the units, and little exposed', async () => {
    const { stdout, stderr } = await host.shell(
      'systemd-analyze verify --man=no culvert-sshd.service culvert-agent.service',
    );
    assert.equal(stdout + stderr, '');
    await host.output('systemd-analyze security --threshold=20 culvert-agent.service');
    await host.output('systemd-analyze security --threshold=40 culvert-sshd.service');
  });

  test('docs/security.md explains what systemd finds exposed', async () => {
    for (const unit of ['culvert-agent', 'culvert-sshd']) {
      const json = await host.output(
        `systemd-analyze security --json=short --no-pager ${unit}.service`,
      );
      assert.deepEqual(unexplainedExposure(JSON.parse(json)), []);
    }
  });

  test('what the agent’s user can not do, were it taken over', async () => {
    const asAgent = 'runuser -u culvert-agent -g culvert-keys -G culvert-agent -- bash -c';
    const can = await host.output(`${asAgent} '
      for path in /etc/culvert-sshd /etc/culvert-sshd/* /etc/pam.d/culvert-sshd /run/culvert-sshd \
        /run/culvert-sshd/sessions /var/log/culvert-sshd /etc/systemd/system/culvert-*; do
        [[ ! -w $path || $path -ef /var/lib/culvert-agent/keys ]] || echo "write $path"
      done
      for path in /etc/culvert-sshd/host_key /etc/culvert-sshd/host_key_spare /etc/shadow; do
        ! cat $path 2>/dev/null || echo "read $path"
      done'`);
    assert.equal(can, 'write /etc/culvert-sshd/bars\nwrite /etc/culvert-sshd/log\n');
  });

  test('ssh-audit finds no failure, and no warning that docs/security.md does not explain', async () => {
    const { stdout } = await runCommand(['ssh-audit', '-n', '-p', '50022', host.address]);
    const said = stdout.split('\n').filter((line) => /\[(fail|warn)\]/.test(line));
    const unexplained = said.filter((line) => !isExplainedKeyExchange(line));
    assert.match(stdout, /^\(gen\) software: OpenSSH/m);
    assert.deepEqual(unexplained, []);
  });

  test('its ports are reserved', async () => {
    assert.equal(
      (await host.output('cat /proc/sys/net/ipv4/ip_local_reserved_ports')).trim(),
      '50022',
    );
    assert.ok(Number(await host.output('cat /proc/sys/kernel/pid_max')) >= 56_384);
  });

  test('a proxy gets its port, and the vendor can query', async () => {
    tunnel = await vendor.api<MadeTunnel>('POST', '/v1/tunnels', {
      slug: `on-${system.name}`,
      name: 'A tunnel',
      account,
      region,
      database: { type: 'postgresql', host: 'database', port: 5432 },
      issue_token: true,
    });
    // It ends with 0 only when the agent has seen the session, and the database answered through it.
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), { token: tunnel.token });
    assert.equal(code, 0, stdout + stderr);
    if (system.hasSshd) assert.ok(await answers());
  });

  test('what talks to databases has no capability', async () => {
    const caps = await host.output(`
      pid=$(pgrep -P $(systemctl show -P MainPID culvert-agent))
      grep -E '^Cap(Prm|Eff|Amb)' /proc/$pid/status`);
    assert.deepEqual(caps.match(/[0-9a-f]{16}/g), Array(3).fill('0'.repeat(16)));
  });

  test('once more, without a token, changes nothing', async () => {
    const [files, before] = [await filesOf(host), await session()];
    const started = () =>
      host.output(
        'systemctl show -p MainPID,ActiveEnterTimestampMonotonic culvert-sshd culvert-agent',
      );
    const running = await started();
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(changes(files, await filesOf(host)), []);
    assert.equal(await started(), running);
    assert.equal(await session(), before);
  });

  test('an ordinary user does it behind sudo, and may look without', async () => {
    const look = await host.shell('bash /home/jo/install.sh --dry-run', { user: 'jo' });
    assert.equal(look.code, 0, look.stdout + look.stderr);
    const before = await session();
    await host.output('rm /etc/culvert-sshd/agent.env');
    const { code, stdout, stderr } = await host.shell('bash /home/jo/install.sh', { user: 'jo' });
    assert.equal(code, 0, stdout + stderr);
    await host.output('test -s /etc/culvert-sshd/agent.env');
    assert.equal(await session(), before);
  });

  test('what was damaged is repaired, and tunnels stay', async () => {
    const before = await session();
    await host.output(
      'echo "Port 1" >>/etc/culvert-sshd/sshd_config; chmod 666 /etc/pam.d/culvert-sshd',
    );
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await host.output('stat -c %a /etc/pam.d/culvert-sshd'), '644\n');
    assert.equal(
      (await host.shell('grep -c "^Port 1$" /etc/culvert-sshd/sshd_config')).stdout,
      '0\n',
    );
    assert.equal(await session(), before);
  });

  test('agent and sshd are stopped and started, and the tunnel stays', async () => {
    const before = await session();
    for (const step of ['stop culvert-agent', 'stop culvert-sshd', 'start culvert-sshd']) {
      await host.output(`systemctl ${step}`);
      assert.ok(await listens(port()), step);
    }
    await host.output('systemctl reload culvert-sshd; systemctl start culvert-agent');
    assert.ok(await listens(port()));
    assert.equal(await session(), before);
    await untilUp(tunnel);
  });

  test('with the agent down, a new session takes over from one that hangs', async () => {
    await host.output('systemctl stop culvert-agent');
    const before = await session();
    await proxy.output(`
      pkill -STOP -x ssh
      setsid -f runuser -u h_autossh -- ssh -N -F /etc/h_autossh/acme_on-${system.name}/ssh_config tunnel >/tmp/second 2>&1`);
    await until('another session', async () => ![before, ''].includes(await session()));
    await until('its port', () => listens(port()));
    assert.notEqual((await host.shell(`kill -0 ${before}`)).code, 0);
    await host.output('systemctl start culvert-agent');
    await untilUp(tunnel);
    await proxy.output('pkill -KILL -x ssh');
    await until('the service again', () => listens(port()));
  });

  test('a key that is removed ends its session, though the agent is not root', async () => {
    await untilUp(tunnel);
    const { items } = await vendor.api<{ items: { fingerprint: string; state: string }[] }>(
      'GET',
      `/v1/tunnels/${tunnel.id}/keys`,
    );
    const key = items.find(({ state }) => state === 'active');
    await vendor.api('DELETE', `/v1/tunnels/${tunnel.id}/keys/${key?.fingerprint}`);
    await until('the end of the session', async () => !(await listens(port())));
    const left = await host.output('ps -o pid= -u tunnel || true');
    assert.equal(left, '');
    await proxy.output(`systemctl stop h_autossh@acme_on-${system.name}`);
  });

  test('it is all there again after a reboot', async () => {
    await host.restart();
    await host.output('systemctl is-active culvert-sshd culvert-agent');
    assert.ok(await listens(50022));
  });

  test('the host’s own sshd is as it was', async () => {
    assert.equal(await listens(22), system.hasSshd);
    if (!system.hasSshd) return;
    assert.equal((await stateOfOwnSshd(host)).split('\n--\n')[0], ownSshd.split('\n--\n')[0]);
  });

  test('uninstalled, it leaves the host as it was, live tunnels ended', async () => {
    const { code, stdout, stderr } = await run('uninstall --packages');
    assert.equal(code, 0, stdout + stderr);
    const left = changes(initially, await filesOf(host)).filter((file) => !MAY_STAY.test(file));
    assert.deepEqual(left, []);
    assert.equal(await host.output('pgrep -a culvert || true'), '');
    assert.ok(!(await listens(50022)));
    assert.equal((await host.output('cat /proc/sys/net/ipv4/ip_local_reserved_ports')).trim(), '');
    for (const user of ['tunnel', 'culvert-agent', 'culvert-keys']) {
      assert.notEqual((await host.shell(`id ${user}`)).code, 0, user);
    }
  });

  async function untilUp({ id }: MadeTunnel): Promise<void> {
    await until('the tunnel is up', async () => {
      const { slots } = await vendor.api<{
        slots: { session?: string; status?: { session: string } }[];
      }>('GET', `/v1/tunnels/${id}`);
      return JSON.stringify(slots).includes('"session":"up"');
    });
  }
}
