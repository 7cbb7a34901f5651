import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Container,
  createNetwork,
  type Network,
  proxyImage,
  startContainer,
} from '../support/bed/index.ts';
import { startDatabaseHost } from '../support/database-host.ts';
import { install, onTerminal, pastedLine } from '../support/installer.ts';
import { type MadeTunnel, startVendorHost, type VendorHost } from '../support/vendor-host.ts';

const urlOf = (tunnel: { id: string }) => `http://vendor:8080/t/${tunnel.id}/install.sh`;
const portOf = (tunnel: MadeTunnel) => tunnel.slots[0]?.tunnel_port ?? 0;

let network: Network;
let vendor: VendorHost;
let proxy: Container;
let tunnel: MadeTunnel;

before(async () => {
  network = await createNetwork();
  [vendor, proxy] = await Promise.all([
    startVendorHost(network),
    startContainer({ image: proxyImage(), network, name: 'proxy' }),
    startDatabaseHost(network),
  ]);
  tunnel = await vendor.makeTunnel('modes', { host: 'database', port: 5432 });
  await proxy.output('useradd --create-home --shell /bin/bash carol');
});

after(() => network?.remove());

/** Files of the host that changed while `work` ran, temporary ones and the journal's own aside. */
async function changedFiles(work: () => Promise<void>): Promise<string> {
  await proxy.output('touch /run/before; sleep 0.05');
  await work();
  return proxy.output(
    `find / -xdev -newer /run/before ! -type d ! -path '/proc/*' ! -path '/sys/*' ! -path '/run/*' \
      ! -path '/var/log/*'`,
  );
}

test('check needs no token, changes nothing and prints the ticket', async () => {
  const changed = await changedFiles(async () => {
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
      user: 'carol',
      arguments: ['check'],
    });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /TCP to vendor port 50022/);
    assert.match(stdout, /TCP to database port 5432/);
    assert.match(stdout, /its pinned host key/);
  });
  assert.equal(changed, '');
});

test('--dry-run changes nothing and lists what an installation would change', async () => {
  const changed = await changedFiles(async () => {
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
      arguments: ['--dry-run'],
    });
    assert.equal(code, 0, stdout + stderr);
    for (const item of ['autossh', '/etc/h_autossh/acme_modes', 'h_autossh@acme_modes.service']) {
      assert.ok(stdout.includes(item), `the plan lacks ${item}:\n${stdout}`);
    }
  });
  assert.equal(changed, '');
});

test('preflight lists every failure at once, and nothing is changed', async () => {
  const closed = await vendor.makeTunnel('closed', { host: 'database', port: 5433 });
  const changed = await changedFiles(async () => {
    await vendor.container.output('pkill -STOP -x sshd');
    try {
      const { code, stderr } = await install(proxy, urlOf(closed), { token: closed.token });
      assert.equal(code, 4, stderr);
      assert.match(stderr, /2 found/);
      assert.match(stderr, /tunnel server vendor port 50022/);
      assert.match(stderr, /postgresql database database port 5433/);
    } finally {
      await vendor.container.output('pkill -CONT -x sshd');
    }
  });
  assert.equal(changed, '');
});

test('something that is not the database is told apart', async () => {
  const wrong = await vendor.makeTunnel('wrong', { host: 'vendor', port: 8080 });
  const { code, stderr } = await install(proxy, urlOf(wrong), { token: wrong.token });
  assert.equal(code, 4, stderr);
  assert.match(stderr, /does not speak its protocol/);
});

test('run holds a tunnel without root until Ctrl-C, and again without a token', async () => {
  const line = (token?: string) =>
    pastedLine(urlOf(tunnel), { arguments: ['run'], ...(token === undefined ? {} : { token }) });
  for (const token of [tunnel.token, undefined]) {
    const screen = await onTerminal(
      proxy,
      'carol',
      [{ type: line(token) }],
      /Press Ctrl-C to close it/,
      30_000,
      async () => assert.equal(await vendor.query(portOf(tunnel)), 'a row'),
    );
    assert.match(screen, /database answers/);
    await closes(portOf(tunnel));
  }
  assert.notEqual((await proxy.shell('command -v autossh || id h_autossh')).code, 0);
});

/** After Ctrl-C: no ssh is left, and the port stops answering. */
async function closes(port: number): Promise<void> {
  await proxy.output(
    'for n in $(seq 50); do pgrep -x ssh >/dev/null || exit 0; sleep 0.1; done; exit 1',
  );
  assert.equal(await vendor.query(port), undefined);
}
