import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CommandResult, Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { addSudoer, install } from '../support/installer.ts';
import { until } from '../support/until.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** What an administrator does with an installed tunnel, by the command `h_autossh`. */

let network: Network;
let vendor: VendorHost;
let database: Container;
let proxy: Container;
let tunnel: MadeTunnel;

before(async () => {
  ({ network, vendor, database, proxy, tunnel } = await startHosts('orders', {
    proxy: { capabilities: ['NET_ADMIN'] },
  }));
  const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), { token: tunnel.token });
  assert.equal(code, 0, stdout + stderr);
});

after(() => network?.remove());

const h_autossh = (line: string, user = 'root'): Promise<CommandResult> =>
  proxy.shell(`h_autossh ${line}`, { user });

const statusJson = async () => JSON.parse((await h_autossh('status --json')).stdout);

/** Fingerprints of the keys that the vendor takes. */
async function keysAtVendor(): Promise<string[]> {
  const { items } = await vendor.api<{
    items: { fingerprint: string; removed_at: number | null }[];
  }>('GET', `/v1/tunnels/${tunnel.id}/keys`);
  return items.filter((key) => key.removed_at === null).map((key) => key.fingerprint);
}

const sessionSince = async (): Promise<number> => (await statusJson()).session_since;

describe('the command', () => {
  test('without a word prints what it can do and which tunnels there are', async () => {
    const { code, stdout } = await h_autossh('');
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: h_autossh COMMAND/);
    assert.match(stdout, /acme_orders/);
  });

  for (const [line, sentence] of [
    ['frobnicate', /There is no command frobnicate/],
    ['status nonsense', /There is no tunnel nonsense on this host/],
    ['logs --json', /--json does not go with logs/],
  ] as const) {
    test(`refuses "${line}" in one sentence`, async () => {
      const { code, stderr } = await h_autossh(line);
      assert.equal(code, 2);
      assert.match(stderr, sentence);
    });
  }

  test('asks for root through sudo, and shows others nothing of its programs', async () => {
    await addSudoer(proxy, 'carol', false);
    assert.equal((await h_autossh('status orders', 'carol')).code, 0);
    const program = '/usr/local/lib/h_autossh/acme_orders/tunnel';
    assert.notEqual((await proxy.exec(['cat', program], { user: 'carol' })).code, 0);
  });
});

describe('status', () => {
  test('says that the tunnel is up and the database answers', async () => {
    const { code, stdout } = await h_autossh('status');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^acme_orders: up, and the database answers\n/);
    assert.match(stdout, /session {5}up, 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  });

  test('as JSON says the same to programs', async () => {
    const status = await statusJson();
    assert.equal(status.ok, true);
    assert.deepEqual(
      [status.tunnel, status.service, status.session, status.database, status.key],
      ['acme_orders', 'active', 'up', 'answers', 'active'],
    );
    assert.deepEqual(await keysAtVendor(), [status.fingerprint]);
  });

  test('tells within 30 s that the database stopped, and that it is back; the tunnel stays', async () => {
    const since = await sessionSince();
    await database.output('systemctl stop postgresql');
    await until('closed', async () => (await statusJson()).database === 'closed', 30_000);
    const { code, stdout } = await h_autossh('status');
    assert.equal(code, 8);
    assert.match(stdout, /up, but the database cannot be reached from this host/);
    await database.output('systemctl start postgresql');
    await until('answers', async () => (await statusJson()).database === 'answers', 30_000);
    assert.equal(await sessionSince(), since);
  });

  test('of a stopped service is down, with exit code 7', async () => {
    await proxy.output('systemctl stop h_autossh@acme_orders');
    const { code, stdout } = await h_autossh('status');
    assert.equal(code, 7);
    assert.match(stdout, /down: the service is inactive/);
    await proxy.output('systemctl start h_autossh@acme_orders');
    await vendor.untilAnswered(portOf(tunnel));
  });

  test('without the control plane says what this host knows, with exit code 4', async () => {
    await vendor.systemctl('stop', 'culvert');
    try {
      const { code, stdout } = await h_autossh('status');
      assert.equal(code, 4);
      assert.match(stdout, /cannot tell: the control plane/);
      assert.match(stdout, /service {5}active, enabled at boot/);
    } finally {
      await vendor.systemctl('start', 'culvert');
    }
  });
});

describe('logs', () => {
  test('ends with the last error in plain words', async () => {
    await proxy.output(`
      ip route add unreachable ${vendor.container.address}
      pkill -x ssh`);
    try {
      await until(
        'an error of ssh and its meaning',
        async () => {
          const { stdout } = await h_autossh('logs');
          return /The last error: ssh: .*\nIt means: There is no way there/.test(stdout);
        },
        60_000,
      );
    } finally {
      await proxy.output(`ip route del unreachable ${vendor.container.address}`);
    }
    await vendor.untilAnswered(portOf(tunnel));
  });
});

describe('rotate-key', () => {
  test('puts a new key in place of the old one with one reconnect', async () => {
    const [before] = await keysAtVendor();
    await proxy.output('journalctl --rotate --vacuum-time=1s -q');
    const { code, stdout, stderr } = await h_autossh('rotate-key');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /up with the new key; the old one is removed/);
    const keys = await keysAtVendor();
    assert.equal(keys.length, 1);
    assert.notEqual(keys[0], before);
    assert.equal((await statusJson()).fingerprint, keys[0]);
    assert.equal(await vendor.query(portOf(tunnel)), 'a row');
    const starts = await proxy.output(
      'journalctl -u h_autossh@acme_orders -o cat | grep -c "^Started" || true',
    );
    assert.equal(Number(starts), 1);
    const left = await proxy.output(
      'ls /var/lib/h_autossh/acme_orders; cat /etc/h_autossh/acme_orders/local.conf',
    );
    assert.doesNotMatch(left, /key\.old|next|IdentityFile/);
  });

  test('leaves what a following installation would not touch', async () => {
    const since = await sessionSince();
    const { code, stdout, stderr } = await install(proxy, urlOf(tunnel));
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await sessionSince(), since);
  });

  test('goes back to the old key when the new one does not work', async () => {
    const [before] = await keysAtVendor();
    // As if the tunnel server had lost the new key by the time that ssh offers it.
    await proxy.writeFile(
      '/usr/local/bin/systemctl',
      `#!/bin/bash
if [[ $1 == restart ]]; then
  install -m 0640 -g h_autossh /dev/stdin /var/lib/h_autossh/acme_orders/key < <(
    ssh-keygen -q -t ed25519 -N '' -f /run/other >/dev/null; cat /run/other; rm /run/other*)
fi
exec /usr/bin/systemctl "$@"
`,
      '0755',
    );
    const { code, stderr } = await proxy.shell('PATH=/usr/local/bin:$PATH h_autossh rotate-key');
    await proxy.output('rm /usr/local/bin/systemctl');
    assert.equal(code, 7, stderr);
    assert.match(stderr, /the old one is in use again/);
    assert.deepEqual(await keysAtVendor(), [before]);
    assert.equal((await statusJson()).state, 'up, and the database answers');
  });

  test('killed by -9 at any moment it is ended by the next, and never by two keys', async () => {
    for (let moment = 0; moment < 12; moment += 1) {
      const delay = (0.15 + moment * 0.12).toFixed(2);
      await proxy.shell(`timeout -s KILL ${delay} h_autossh rotate-key -q`);
      await vendor.untilAnswered(portOf(tunnel));
      const next = moment % 2 ? await h_autossh('rotate-key') : await install(proxy, urlOf(tunnel));
      assert.equal(
        next.code,
        0,
        `after ${delay} s: ${next.stdout}${next.stderr}${await proxy.journal('h_autossh@acme_orders')}`,
      );
      assert.equal(await vendor.query(portOf(tunnel)), 'a row', `after ${delay} s`);
    }
    const { code, stderr } = await h_autossh('rotate-key');
    assert.equal(code, 0, stderr);
    assert.equal((await keysAtVendor()).length, 1);
  });
});

describe('upgrade', () => {
  test('runs the installer as the vendor gives it now', async () => {
    await vendor.sql(`update tunnel set name = 'Orders and returns' where id = '${tunnel.id}'`);
    await vendor.systemctl('restart', 'culvert');
    const since = await sessionSince();
    const { code, stdout, stderr } = await h_autossh('upgrade');
    assert.equal(code, 0, stdout + stderr);
    assert.match((await h_autossh('status')).stdout, /'Orders and returns'/);
    assert.equal(await sessionSince(), since, 'a new name restarts nothing');
  });
});

describe('uninstall', () => {
  test('removes the tunnel, and the command itself with the last one', async () => {
    const { code, stdout, stderr } = await h_autossh('uninstall --packages');
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, '');
    assert.deepEqual(await keysAtVendor(), []);
    const { stdout: left } = await proxy.shell(
      'ls -d /usr/local/*/h_autossh* /etc/h_autossh /var/lib/h_autossh /etc/systemd/system/h_autossh*',
    );
    assert.equal(left, '');
  });
});
