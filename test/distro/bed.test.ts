import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type Container,
  createNetwork,
  databaseImage,
  ensureImage,
  type Network,
  proxyImage,
  registryImage,
  startContainer,
  vendorImage,
} from '../support/bed/index.ts';

let network: Network;
let proxy: Container;
let vendor: Container;
let database: Container;

before(async () => {
  network = await createNetwork();
  // The host's own Node runs the vendor's side.
  const node = { from: dirname(process.execPath), to: '/opt/node' };
  [proxy, vendor, database] = await Promise.all([
    startContainer({ image: proxyImage(), network, name: 'proxy' }),
    startContainer({ image: vendorImage(), network, name: 'vendor', mounts: [node] }),
    startContainer({ image: databaseImage(), network, name: 'database' }),
  ]);
});

after(() => network?.remove());

test('systemd runs as process 1, with nothing failed', async () => {
  for (const host of [proxy, vendor, database]) {
    assert.equal((await host.output('cat /proc/1/comm')).trim(), 'systemd');
    assert.equal(
      await host.waitForSystemd(),
      'running',
      (await host.shell('systemctl --failed')).stdout,
    );
  }
});

test('a proxy has neither autossh nor a compiler, and installs packages', async () => {
  assert.notEqual((await proxy.shell('command -v autossh || command -v gcc')).code, 0);
  await proxy.output('apt-get update && apt-get install -y --no-install-recommends autossh');
  assert.match(await proxy.output('autossh -V'), /^autossh /);
});

test('hosts find each other by name, and PostgreSQL answers', async () => {
  await database.output(`runuser -u postgres -- psql -c "create role app login password 'app'"`);
  const psql = ['psql', '-h', 'database', '-U', 'app', '-Atc', 'select 1 + 1', 'postgres'];
  assert.deepEqual(await vendor.exec(psql, { env: { PGPASSWORD: 'app' } }), {
    code: 0,
    stdout: '2\n',
    stderr: '',
  });
  assert.equal((await proxy.output('getent hosts vendor')).split(' ')[0], vendor.address);
});

test('the Node of these tests runs inside, from a folder that is read-only there', async () => {
  assert.equal((await vendor.output('/opt/node/node -p process.version')).trim(), process.version);
  assert.notEqual((await vendor.exec(['touch', '/opt/node/changed'])).code, 0);
});

test('files get in, with their mode', async () => {
  await proxy.writeFile('/etc/made/secret', 'content\n', '0600');
  assert.equal(
    await proxy.output('stat -c %a /etc/made/secret; cat /etc/made/secret'),
    '600\ncontent\n',
  );
  await proxy.copyIn(import.meta.filename, '/root/copied.ts');
  assert.match(await proxy.output('cat /root/copied.ts'), /files get in/);
});

test('a restart is a reboot: services stop in order, files and address stay', async () => {
  await proxy.writeFile(
    '/etc/systemd/system/marked.service',
    '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStop=/bin/touch /var/marked\n' +
      '[Install]\nWantedBy=multi-user.target\n',
  );
  await proxy.output('systemctl enable --now marked.service');
  await proxy.restart();
  await proxy.output('test -e /var/marked && systemctl is-active marked.service');
  assert.match(
    await proxy.output('ip -4 -brief address show eth0'),
    new RegExp(` ${RegExp.escape(proxy.address)}/`),
  );
  assert.equal((await vendor.output('getent hosts proxy')).split(' ')[0], proxy.address);
  assert.match(await proxy.journal('marked.service'), /marked\.service/);
});

test('a power cut runs nothing on the way down', async () => {
  await proxy.output('rm /var/marked');
  await proxy.stop('at once');
  await proxy.start();
  assert.notEqual((await proxy.exec(['test', '-e', '/var/marked'])).code, 0);
});

test('a command on a terminal asks for a password and gets it', { timeout: 30_000 }, async () => {
  await proxy.output('useradd -m -G sudo -s /bin/bash joe && echo joe:secret | chpasswd');
  const child = proxy.spawn(['sudo', 'sh', '-c', 'id -un; tty'], { user: 'joe', pty: true });
  let screen = '';
  for await (const part of child.stdout.setEncoding('utf8')) {
    screen += part;
    if (part.includes('password for joe')) child.stdin.write('secret\n');
  }
  assert.match(screen, /root\r\n\/dev\/pts\/\d/);
  assert.doesNotMatch(screen, /secret/);
});

test('a command that takes too long is killed inside', async () => {
  await assert.rejects(proxy.exec(['sleep', '1234'], { timeoutMs: 300 }), /no end within 300 ms/);
  assert.notEqual((await proxy.shell('pgrep -x sleep')).code, 0);
});

test('an image as a registry has it, for single processes, becomes a host with systemd', async () => {
  const bare = await ensureImage({
    name: 'bare',
    suite: 'bookworm',
    packages: ['ca-certificates'],
  });
  const host = await startContainer({
    image: registryImage('made-of-bare', bare),
    network,
    name: 'made-of-bare',
  });
  assert.equal((await host.output('cat /proc/1/comm')).trim(), 'systemd');
  await host.output('command -v ssh curl sudo cmp awk useradd pgrep ip');
});
