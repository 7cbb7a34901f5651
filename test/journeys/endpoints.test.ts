import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CommandResult, Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install, onTerminal, pastedLine } from '../support/installer.ts';
import { block, filteredProxyImage, unblock } from '../support/packet-filter.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

const SERVICE = 'h_autossh@acme_roads.service';
const MAIN_PORT = 'tcp dport 50022';
const ALL_PORTS = 'tcp dport { 50022, 443 }';

let network: Network;
let vendor: VendorHost;
let database: Container;
let proxy: Container;
let tunnel: MadeTunnel;
let port: number;

before(async () => {
  ({ network, vendor, database, proxy, tunnel } = await startHosts('roads', {
    vendor: {
      region: { alternate_ports: [443] },
      server: { aliases: ['nowhere.invalid'] },
    },
    proxy: { image: filteredProxyImage(), capabilities: ['NET_ADMIN'] },
  }));
  await leadAlternatePortTo('127.0.0.1:50022');
  port = portOf(tunnel);
});

after(() => network?.remove());

/** Port 443 of the vendor's host leads to another one there, as a load balancer's would. */
async function leadAlternatePortTo(address: string): Promise<void> {
  const { container } = vendor;
  await container.output('systemctl stop alternate.socket alternate.service 2>&1; true');
  await container.writeFile('/etc/systemd/system/alternate.socket', '[Socket]\nListenStream=443\n');
  await container.writeFile(
    '/etc/systemd/system/alternate.service',
    `[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd ${address}\n`,
  );
  await container.output('systemctl daemon-reload; systemctl start alternate.socket');
}

function installer(
  words: string[] = [],
  options: { token?: string; user?: string } = {},
): Promise<CommandResult> {
  return install(proxy, urlOf(tunnel), { ...options, arguments: words });
}

/** The ports of the tunnel server that ssh, or what carries it, is connected to. */
async function portsInUse(): Promise<string[]> {
  const sockets = await proxy.output(
    `ss -Htn state established dst ${vendor.container.address} | awk '{ print $4 }'`,
  );
  const ports = sockets.split('\n').map((line) => line.replace(/.*:/, ''));
  return ports.filter((used) => used === '50022' || used === '443');
}

test('dead endpoints are noted in order, and one that works is enough', async () => {
  await block(proxy, MAIN_PORT, 'drop');
  const { code, stdout, stderr } = await installer(['check']);
  assert.equal(code, 0, stdout + stderr);
  assert.match(
    stdout,
    /ok {3}tunnel server vendor port 443, its pinned host key\n {2}note tunnel server vendor port 50022: no answer within 10 seconds\n {2}note tunnel server nowhere\.invalid port 50022: its name does not resolve\n {2}note tunnel server nowhere\.invalid port 443: its name does not resolve\n/,
  );
  assert.match(
    stdout,
    /TCP to vendor port 50022\n *TCP to nowhere\.invalid port 50022\n *TCP to vendor port 443/,
  );
});

test('where none works each is named with its reason, within 12 s more', async () => {
  await unblock(proxy);
  const quick = performance.now();
  assert.equal((await installer(['check'])).code, 0);
  const unhindered = performance.now() - quick;
  await block(proxy, ALL_PORTS, 'drop');
  const started = performance.now();
  const { code, stderr } = await installer(['check']);
  const took = performance.now() - started;
  assert.equal(code, 4, stderr);
  assert.match(stderr, /1 found:/);
  assert.match(
    stderr,
    /vendor port 50022: no answer .*; .*nowhere\.invalid port 50022: its name .*; .*vendor port 443: no answer/,
  );
  assert.ok(took < unhindered + 12_000, `${took} ms`);
});

test('an installation goes by the endpoint that works', async () => {
  await block(proxy, MAIN_PORT, 'drop');
  const { code, stdout, stderr } = await installer([], { token: tunnel.token });
  assert.equal(code, 0, stdout + stderr);
  assert.equal(await vendor.query(port), 'a row');
  assert.deepEqual(await portsInUse(), ['443']);
});

test('the first one is used when it is there again', async () => {
  await unblock(proxy);
  await proxy.output(`systemctl restart ${SERVICE}`);
  await vendor.untilAnswered(port);
  assert.deepEqual(await portsInUse(), ['50022']);
});

test('when it dies under a running tunnel the next one takes over within 15 s', async () => {
  await block(proxy, MAIN_PORT, 'drop');
  await vendor.container.output("pkill -9 -f '^(culvert-)?sshd[^ ]*: tunnel'");
  const took = await vendor.untilAnswered(port);
  assert.ok(took < 15_000, `${took} ms`);
  assert.deepEqual(await portsInUse(), ['443']);
});

test('after all were cut off for 95 s it is back within 15 s of their return', async () => {
  await block(proxy, ALL_PORTS, 'drop');
  await proxy.output('sleep 95', { timeoutMs: 110_000 });
  assert.match(await proxy.journal(SERVICE), /tunnel server vendor port 50022: no answer/);
  await unblock(proxy);
  const took = await vendor.untilAnswered(port);
  assert.ok(took < 15_000, `${took} ms`);
});

test('what somebody wrote into local.conf stays', async () => {
  const file = '/etc/h_autossh/acme_roads/local.conf';
  await proxy.output(`cp -p ${file} /root/local.conf; echo '# ours' >>${file}`);
  const { code, stdout, stderr } = await installer();
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /Keeping .*local\.conf as it is/);
  assert.match(await proxy.output(`cat ${file}`), /# ours\n$/);
  await proxy.output(`cp -p /root/local.conf ${file}`);
});

test('run goes by the endpoint that works, as an ordinary user', async () => {
  const made = await vendor.makeTunnel('roads-run');
  await proxy.output('useradd --create-home --shell /bin/bash carol');
  await block(proxy, MAIN_PORT, 'drop');
  await onTerminal(
    proxy,
    'carol',
    [{ type: pastedLine(urlOf(made), { token: made.token, arguments: ['run'] }) }],
    /Press Ctrl-C to close it/,
    60_000,
    async () => assert.equal(await vendor.query(portOf(made)), 'a row'),
  );
  await proxy.output(
    'for n in $(seq 50); do pgrep -u carol "ssh|cat" >/dev/null || exit 0; sleep 0.1; done; exit 1',
  );
});

test('a host key that is not pinned is never passed over, and nothing is changed', async () => {
  await unblock(proxy);
  const { container } = vendor;
  await container.output(`
    mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f /run/stranger
    systemd-run --quiet --unit=stranger /usr/sbin/sshd -D -p 2222 -h /run/stranger`);
  await leadAlternatePortTo('127.0.0.1:2222');
  const made = await vendor.makeTunnel('stranger');
  const { code, stderr } = await install(proxy, urlOf(made), { token: made.token });
  assert.equal(code, 4, stderr);
  assert.match(
    stderr,
    /1 found:\n {2}tunnel server vendor port 443 shows a host key that is not pinned/,
  );
  assert.notEqual((await proxy.shell('ls /etc/h_autossh/acme_stranger')).code, 0);
});

test('a database that is not there yet can be deferred; its name is told apart', async () => {
  await leadAlternatePortTo('127.0.0.1:50022');
  const unnamed = await vendor.makeTunnel('unnamed', { host: 'no-database', port: 5432 });
  const refused = await install(proxy, urlOf(unnamed), { token: unnamed.token });
  assert.equal(refused.code, 4, refused.stderr);
  assert.match(refused.stderr, /database no-database port 5432: its name does not resolve/);

  await database.output('systemctl stop postgresql');
  const later = await vendor.makeTunnel('later');
  const deferred = await install(proxy, urlOf(later), {
    token: later.token,
    arguments: ['--defer-database'],
  });
  assert.equal(deferred.code, 0, deferred.stdout + deferred.stderr);
  assert.match(deferred.stdout, /cannot be reached from this host \(still owed\)/);
  assert.match(deferred.stdout, /Still owed: the database cannot be reached/);
  await database.output('systemctl start postgresql');
  await vendor.untilAnswered(portOf(later));
});
