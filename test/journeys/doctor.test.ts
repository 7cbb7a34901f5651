import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Container, Network } from '../support/bed/index.ts';
import { startHosts } from '../support/hosts.ts';
import { addSudoer, install } from '../support/installer.ts';
import { block, filteredProxyImage, unblock } from '../support/packet-filter.ts';
import { until } from '../support/until.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';
import { ALL_HOPS, type Examination } from './support/examination.ts';

/** `h_autossh doctor`: each hop broken in earnest, the right verdict, and the live tunnel left alone. */

interface Fault {
  hop: string;
  code: number;
  verdict: RegExp;
  next: RegExp;
  make(): Promise<unknown>;
  mend(): Promise<unknown>;
  /** Set where the fault does not reach the session that is up, so that a doctor must not either. */
  leavesSession?: true;
  /** Further hops that work. */
  works?: string[];
}

const UNIT = 'h_autossh@acme_orders';
const NEW_CONNECTIONS = 'tcp dport 50022 tcp flags & (syn | ack) == syn';

let network: Network;
let vendor: VendorHost;
let database: Container;
let proxy: Container;
let tunnel: MadeTunnel;

before(async () => {
  const filtered = { image: filteredProxyImage(), capabilities: ['NET_ADMIN'] };
  ({ network, vendor, database, proxy, tunnel } = await startHosts('orders', { proxy: filtered }));
  const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), { token: tunnel.token });
  assert.equal(code, 0, stdout + stderr);
});

after(() => network?.remove());

const doctor = (options = '') => proxy.shell(`h_autossh doctor ${options}`);

async function examine(): Promise<Examination> {
  const { code, stdout, stderr } = await doctor('--json');
  assert.equal(stderr, '');
  const examination: Examination = JSON.parse(stdout);
  assert.equal(code, examination.exit_code);
  return examination;
}

/** What identifies the live session, on both sides. */
async function session(): Promise<string> {
  const answer = await proxy.output('h_autossh status --json || true');
  const pid = await proxy.output('pgrep -x ssh || true');
  return `${JSON.parse(answer).session_since} ${pid}`;
}

const resultsOf = ({ hops }: Examination) =>
  Object.fromEntries(hops.map(({ hop, result }) => [hop, result]));

/** A field of `status --json`. */
const statusOf = async (field: string) =>
  JSON.parse(await proxy.output('h_autossh status --json || true'))[field];

test('of a sound tunnel every hop works, and nothing of it is disturbed', async () => {
  const before = await session();
  const { code, stdout, stderr } = await doctor();
  assert.equal(code, 0, stdout + stderr);
  assert.deepEqual(
    [...stdout.matchAll(/^ {2}ok {3}(\S+)/gm)].map(([, hop]) => hop),
    ALL_HOPS,
  );
  assert.match(stdout, /\nEvery hop works: Acme BI can query the database\.\n$/);
  const examination = await examine();
  assert.equal(examination.ok, true);
  assert.deepEqual(
    examination.hops.map(({ hop }) => hop),
    ALL_HOPS,
  );
  assert.equal(await session(), before);
});

const faults: Record<string, Fault> = {
  'the service is stopped': {
    hop: 'service',
    code: 7,
    verdict: /h_autossh@acme_orders\.service is inactive, starts at boot/,
    next: /systemctl start h_autossh@acme_orders/,
    make: () => proxy.output(`systemctl stop ${UNIT}`),
    mend: () => proxy.output(`systemctl start ${UNIT}`),
  },
  'the program of the service is gone': {
    hop: 'service',
    code: 7,
    verdict: /systemd cannot run what h_autossh@acme_orders\.service names \(status 203\)/,
    next: /Mend it: h_autossh upgrade acme_orders/,
    make: async () => {
      await proxy.output(`
        mv /usr/bin/autossh /root/autossh
        systemctl restart ${UNIT} || true`);
    },
    mend: () => proxy.output(`mv /root/autossh /usr/bin/autossh; systemctl restart ${UNIT}`),
  },
  'no name resolves': {
    hop: 'dns',
    code: 7,
    verdict: /^Broken at the hop dns: the name vendor does not resolve/,
    next: /getent ahosts vendor/,
    leavesSession: true,
    make: () =>
      proxy.output(`
        cp /etc/nsswitch.conf /root/nsswitch.conf
        sed -i 's/^hosts:.*/hosts: dns/' /etc/nsswitch.conf`),
    mend: () => proxy.output('mv /root/nsswitch.conf /etc/nsswitch.conf'),
  },
  'a firewall drops the port': {
    hop: 'tcp',
    code: 7,
    verdict: /^The tunnel is up, but .*vendor port 50022: .*timed out/,
    next: /Allow outgoing TCP from this host to vendor port 50022/,
    leavesSession: true,
    make: () => block(proxy, NEW_CONNECTIONS, 'drop'),
    mend: () => unblock(proxy),
  },
  'the port is refused, and the tunnel down': {
    hop: 'tcp',
    code: 7,
    verdict: /^Broken at the hop tcp: vendor port 50022: .*Connection refused/,
    next: /Allow outgoing TCP from this host to vendor port 50022/,
    make: async () => {
      await block(proxy, 'tcp dport 50022');
      await proxy.output('pkill -x ssh');
      await until('down', async () => (await statusOf('session')) === 'down');
    },
    mend: () => unblock(proxy),
  },
  'something else than SSH answers': {
    hop: 'ssh',
    code: 7,
    verdict: /vendor port 50022 accepts connections, but is no SSH server/,
    next: /let SSH pass/,
    leavesSession: true,
    make: () =>
      proxy.output('nft -f -', {
        input: `table ip culvert_test_nat {
          chain sending {
            type nat hook output priority -100;
            tcp dport 50022 dnat to ${vendor.container.address}:8080
          }
        }`,
      }),
    mend: () => proxy.output('nft delete table ip culvert_test_nat'),
  },
  'the server has another host key': {
    hop: 'host-key',
    code: 7,
    verdict: /the server shows ssh-ed25519 SHA256:\S+, which is not pinned/,
    next: /Somebody may be in between\. Ask Acme BI/,
    leavesSession: true,
    make: () =>
      onSshd(`
        mkdir /root/kept
        cp -a host_key host_key.pub /root/kept
        rm host_key host_key.pub
        ssh-keygen -q -t ed25519 -N '' -f host_key`),
    mend: () => onSshd('cp -a /root/kept/* .'),
  },
  'something else has the port of the tunnel': {
    hop: 'forward',
    code: 7,
    verdict: /something else listens on port \d+ of the tunnel server/,
    next: /Tell Acme BI/,
    make: async () => {
      await proxy.output(`systemctl stop ${UNIT}`);
      await until('down', async () => (await statusOf('session')) === 'down');
      await vendor.container.output(`
        systemd-run --quiet --unit squatter /opt/culvert/node_modules/.bin/node -e \
          'require("node:net").createServer().listen(${portOf(tunnel)}, "127.0.0.1")'`);
      await proxy.output(`systemctl start ${UNIT}`);
      await until('taken', async () => (await statusOf('session')) === 'taken');
    },
    mend: () => vendor.container.output('systemctl stop squatter'),
  },
  'the database is stopped': {
    hop: 'database',
    code: 8,
    verdict: /postgresql database database port 5432 cannot be reached from this host/,
    next: /start the database/,
    leavesSession: true,
    make: () => database.output('systemctl stop postgresql'),
    mend: () => database.output('systemctl start postgresql'),
  },
  'pg_hba.conf lets nobody in': {
    hop: 'vendor-database',
    code: 8,
    verdict: /its pg_hba\.conf lets no user culvert-probe in from here/,
    next: /Add a line for the user culvert-probe/,
    leavesSession: true,
    make: async () => {
      await database.output(`
        cd /etc/postgresql/*/main
        cp -a pg_hba.conf /root/
        sed -i 's/^host all all all/host all app all/' pg_hba.conf
        systemctl reload postgresql`);
      await until('refused', async () => (await statusOf('database')) === 'refuses');
    },
    mend: () =>
      database.output(
        'cp -a /root/pg_hba.conf /etc/postgresql/*/main/; systemctl reload postgresql',
      ),
  },
  'the control plane is down': {
    hop: 'control-plane',
    code: 4,
    verdict: /control plane http:\/\/vendor:8080: .*refused|connect/,
    next: /Allow this host to reach it/,
    leavesSession: true,
    make: () => vendor.systemctl('stop', 'culvert'),
    mend: () => vendor.systemctl('start', 'culvert'),
  },
  "the tunnel server's agent is silent": {
    hop: 'control-plane',
    code: 4,
    verdict: /Acme BI's tunnel server has not reported since 20\d\d-/,
    next: /Tell Acme BI\. The tunnel itself may well be up/,
    leavesSession: true,
    make: async () => {
      await vendor.systemctl('stop', 'culvert-agent');
      await until('silence', async () => (await statusOf('session')) === 'unknown');
    },
    // Known from the age of ssh: the silence took longer than ssh would have without its port.
    works: ['authentication', 'forward', 'database'],
    mend: () => vendor.systemctl('start', 'culvert-agent'),
  },
};

/** Has a script change the host key of the vendor's sshd, and sshd read it again. */
async function onSshd(script: string): Promise<void> {
  await vendor.container.output(`
    set -eu
    cd /var/lib/culvert
    ${script}
    kill -HUP "$(cat sshd.pid)"`);
  await vendor.container.output(
    'until ss -Hltn "sport = 50022" | grep -q .; do sleep 0.1; done; sleep 0.5',
  );
}

describe('finds the broken hop when', () => {
  for (const [name, fault] of Object.entries(faults)) {
    test(name, async () => {
      const processes = await proxy.output('pgrep -x ssh');
      const since = await statusOf('session_since');
      await fault.make();
      try {
        const examination = await examine();
        const told = JSON.stringify(examination, null, 2);
        assert.equal(examination.broken, fault.hop, told);
        assert.equal(examination.exit_code, fault.code, told);
        assert.match(examination.verdict, fault.verdict);
        assert.match(examination.next, fault.next);
        // Whatever comes before the broken hop works, or could not be asked.
        const [first] = examination.hops.filter(({ result }) => result === 'no');
        assert.equal(first?.hop, fault.hop, told);
        for (const hop of fault.works ?? []) assert.equal(resultsOf(examination)[hop], 'ok', told);
        const { code, stdout } = await doctor();
        assert.equal(code, fault.code, stdout);
        assert.match(stdout, new RegExp(`^  no   ${fault.hop} `, 'm'));
        assert.match(stdout, fault.next);
      } finally {
        await fault.mend();
      }
      await vendor.untilAnswered(portOf(tunnel));
      await until('sound again', async () => (await examine()).ok);
      if (fault.leavesSession) {
        assert.equal(await proxy.output('pgrep -x ssh'), processes);
        assert.equal(await statusOf('session_since'), since);
      } else {
        // What the agent told before the fault sounds just as well.
        await until('a new session', async () => (await statusOf('session_since')) !== since);
      }
    });
  }

  test('a way that ends early leaves what lies behind it untested', async () => {
    await block(proxy, NEW_CONNECTIONS);
    await proxy.output(`systemctl stop ${UNIT}`);
    try {
      const results = resultsOf(await examine());
      assert.deepEqual(results, {
        service: 'no',
        dns: 'ok',
        tcp: 'no',
        ssh: 'untested',
        'host-key': 'untested',
        authentication: 'untested',
        forward: 'untested',
        database: 'ok',
        'control-plane': 'ok',
        'vendor-database': 'untested',
      });
    } finally {
      await unblock(proxy);
      await proxy.output(`systemctl start ${UNIT}`);
    }
    await vendor.untilAnswered(portOf(tunnel));
    await vendor.untilReported(tunnel);
  });
});

test('a service that would not start at boot is no broken hop, but said', async () => {
  await proxy.output('systemctl disable -q h_autossh.service');
  const { code, stdout } = await doctor();
  await proxy.output('systemctl enable -q h_autossh.service');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /service +active, does not start at boot \(mend: systemctl enable/);
});

test('who may use sudo needs neither to be root nor to know the command', async () => {
  await addSudoer(proxy, 'carol', false);
  const { code, stdout, stderr } = await proxy.shell(
    `curl -fsSL ${urlOf(tunnel)} | bash -s -- doctor --json`,
    { user: 'carol', folder: '/home/carol' },
  );
  assert.equal(code, 0, stdout + stderr);
  assert.equal(JSON.parse(stdout).ok, true);
});

describe('the support file', () => {
  const ALLOWED = [
    'installer tunnel os bash ssh systemd autossh service at_boot'.split(' '),
    ALL_HOPS.map((hop) => `hop_${hop.replaceAll('-', '_')}`),
    'broken vendor_now vendor_key vendor_session vendor_session_since vendor_database'.split(' '),
    'vendor_database_at vendor_reason vendor_agent_at'.split(' '),
  ].flat();

  test('holds the allowed fields and no others, for its owner alone', async () => {
    const { code, stdout } = await doctor('--support-file /root/support');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /Wrote \/root\/support/);
    assert.equal(await proxy.output('stat -c %a:%U /root/support'), '600:root\n');
    const lines = (await proxy.output('cat /root/support')).trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.replace(/=.*/, '')),
      ALLOWED,
    );
    const fields = Object.fromEntries(lines.map((line) => line.split(/=(.*)/, 2)));
    assert.match(fields.os, /^Debian GNU\/Linux 12/);
    assert.match(fields.ssh, /^OpenSSH_/);
    assert.match(fields.systemd, /^systemd \d+/);
    assert.match(fields.autossh, /^autossh /);
    assert.equal(fields.hop_forward, 'ok');
    assert.equal(fields.vendor_database, 'answers');
    const [secret] = (await proxy.output('cat /var/lib/h_autossh/acme_orders/key.pub')).split('\n');
    for (const private_ of [tunnel.id, tunnel.token, secret?.split(' ')[1] ?? '', 'vendor:8080']) {
      assert.ok(!lines.join('\n').includes(private_), private_);
    }
  });

  test('is written when the control plane is down, too', async () => {
    await vendor.systemctl('stop', 'culvert');
    try {
      assert.equal((await doctor('--json --support-file /root/support-down')).code, 4);
      assert.match(await proxy.output('cat /root/support-down'), /^broken=control-plane$/m);
    } finally {
      await vendor.systemctl('start', 'culvert');
    }
  });

  test('replaces no file and follows no link', async () => {
    await proxy.output(
      'echo mine >/root/mine; ln -s /root/planted /root/link; ln -s mine /root/to',
    );
    for (const name of ['mine', 'link', 'to', 'none/such']) {
      const { code, stderr } = await doctor(`--support-file /root/${name}`);
      assert.equal(code, 2, name);
      assert.match(stderr, /Name a file/);
    }
    assert.equal(
      await proxy.output('cat /root/mine; ls /root/planted 2>/dev/null || true'),
      'mine\n',
    );
  });
});

test('a key that the vendor removed is the broken hop, and the next step a new token', async () => {
  const { items } = await vendor.api<{ items: { fingerprint: string }[] }>(
    'GET',
    `/v1/tunnels/${tunnel.id}/keys`,
  );
  await vendor.api('DELETE', `/v1/tunnels/${tunnel.id}/keys/${items[0]?.fingerprint}`);
  await until('gone', async () => (await statusOf('session')) === 'down');
  const examination = await examine();
  assert.equal(examination.broken, 'authentication', JSON.stringify(examination, null, 2));
  assert.match(examination.verdict, /Acme BI has removed the key of this host/);
  assert.match(examination.next, /new token from Acme BI/);
});
