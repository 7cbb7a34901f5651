import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { install, onTerminal, pastedLine } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

let network: Network;
let vendor: VendorHost;
let proxy: Container;
let tunnel: MadeTunnel;

before(async () => {
  ({ network, vendor, proxy, tunnel } = await startHosts('modes'));
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
    await vendor.container.output('pkill -STOP sshd');
    try {
      const { code, stderr } = await install(proxy, urlOf(closed), { token: closed.token });
      assert.equal(code, 4, stderr);
      assert.match(stderr, /2 found/);
      assert.match(stderr, /tunnel server vendor port 50022/);
      assert.match(stderr, /postgresql database database port 5433/);
    } finally {
      await vendor.container.output('pkill -CONT sshd');
    }
  });
  assert.equal(changed, '');
});

test('--dry-run goes with an installation alone: it never removes or opens anything', async () => {
  for (const mode of ['uninstall', 'run', 'check']) {
    const { code, stderr } = await install(proxy, urlOf(tunnel), {
      arguments: [mode, '--dry-run'],
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /does not go with/);
  }
});

test('check lists an unknown system with the rest; an installation ends at once', async () => {
  await proxy.output('cp -P /etc/os-release /etc/os-release.kept; rm /etc/os-release');
  try {
    await proxy.writeFile('/etc/os-release', 'ID=plan9\nPRETTY_NAME="Plan 9"\n');
    const check = await install(proxy, urlOf(tunnel), { arguments: ['check'] });
    assert.equal(check.code, 4, check.stderr);
    assert.match(check.stderr, /1 found:\n {2}this installer does not know Plan 9/);
    const installation = await install(proxy, urlOf(tunnel), { token: tunnel.token });
    assert.equal(installation.code, 3, installation.stderr);
  } finally {
    await proxy.output('mv /etc/os-release.kept /etc/os-release');
  }
});

test('a clock that is off by more than five minutes is found', async () => {
  await proxy.writeFile(
    '/usr/local/bin/date',
    '#!/bin/sh\nexec /usr/bin/date --date="10 minutes ago" "$@"\n',
    '0755',
  );
  try {
    const { code, stderr } = await install(proxy, urlOf(tunnel), { arguments: ['check'] });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /1 found:\n {2}this host's clock is off by (599|60\d) seconds/);
  } finally {
    await proxy.output('rm /usr/local/bin/date');
  }
});

test('a socket that the service could not see is found before it is installed', async () => {
  const hidden = await vendor.api<MadeTunnel>('POST', '/v1/tunnels', {
    ...(await vendor.api<object>('GET', `/v1/tunnels/${tunnel.id}`).then(placeOf)),
    slug: 'hidden',
    database: { type: 'postgresql', socket: '/tmp/.s.PGSQL.5432' },
    issue_token: true,
  });
  const { code, stderr } = await install(proxy, urlOf(hidden), { token: hidden.token });
  assert.equal(code, 4, stderr);
  assert.match(stderr, /socket \/tmp\/\.s\.PGSQL\.5432: a service cannot see that folder/);
});

/** Where a tunnel is, for another one in the same place. */
function placeOf(given: object) {
  const { name, account, region } = given as Record<string, unknown>;
  return { name, account, region };
}

test('what is not Culvert’s is left alone, and said', async () => {
  await proxy.output(
    'mkdir /etc/h_autossh; echo theirs >/etc/h_autossh/config; groupadd h_autossh',
  );
  await proxy.writeFile(
    '/etc/systemd/system/h_autossh.service',
    '[Service]\nExecStart=/bin/true\n',
  );
  try {
    const { code, stderr } = await install(proxy, urlOf(tunnel), { token: tunnel.token });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /3 found/);
    for (const what of [
      'a unit h_autossh.service',
      '/etc/h_autossh',
      'a user or group h_autossh',
    ]) {
      assert.ok(stderr.includes(`${what} exists and is not Culvert's`), stderr);
    }
  } finally {
    await proxy.output(
      'rm -r /etc/h_autossh /etc/systemd/system/h_autossh.service; groupdel h_autossh; systemctl daemon-reload',
    );
  }
});

test('an empty line for a token ends it before any change', async () => {
  const screen = await onTerminal(
    proxy,
    'carol',
    [
      { type: `${pastedLine(urlOf(tunnel))}; echo "ended with $?"` },
      { after: /not shown/, type: '' },
    ],
    /ended with \d+/,
  );
  assert.match(screen, /No token was entered[\s\S]*ended with 2/);
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
