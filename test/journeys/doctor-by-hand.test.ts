import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Container, type Network, proxyImage, startContainer } from '../support/bed/index.ts';
import { startEnds } from '../support/hosts.ts';
import { until } from '../support/until.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';
import { ALL_HOPS, type Examination } from './support/examination.ts';

/** `doctor --ssh-config`: a tunnel that somebody made with stock ssh, and keeps without h_autossh. */

let network: Network;
let vendor: VendorHost;

before(async () => {
  ({ network, vendor } = await startEnds());
});

after(() => network?.remove());

// OpenSSH 8.4, 9.2 and 10.0: each tells of a login in words of its own.
for (const suite of ['bullseye', 'bookworm', 'trixie'])
  describe(`a tunnel made by hand on Debian ${suite}`, () => {
    let hand: Container;
    let other: MadeTunnel;

    /** As the user whose tunnel it is, who has neither root nor an installation. */
    const byHand = (line: string) => hand.shell(line, { user: 'hand', folder: '/home/hand' });
    const doctorByHand = (options = '') =>
      byHand(`bash install.sh doctor --ssh-config .ssh/config ${options}`);

    before(async () => {
      other = await vendor.makeTunnel(`stock-${suite}`);
      hand = await startContainer({ image: proxyImage(suite), network, name: `hand-${suite}` });
      await hand.output('useradd --create-home --shell /bin/bash hand');
      const [, tokenId] = other.token.split('_');
      await hand.output(
        `cd ~ && umask 077 && mkdir .ssh && curl -fsSL ${urlOf(other)} -o install.sh
      ssh-keygen -q -t ed25519 -N '' -f .ssh/tunnel_key
      eval "$(sed -n '/^  KNOWN_HOSTS=/,/^  TUNNEL_UNIT=/p' install.sh | sed '$d')"
      printf '%s' "$KNOWN_HOSTS" >.ssh/tunnel_hosts
      cp .ssh/tunnel_key.pub subject.pub
      ssh-keygen -q -s .ssh/tunnel_key -I 'culvert-enrol-v1 ${other.id} 1 ${tokenId}' \
        -n culvert-proof -O clear subject.pub
      printf '%s\n' slot=1 "public_key=$(cut -d ' ' -f 1,2 .ssh/tunnel_key.pub)" \
        "proof=$(cat subject-cert.pub)" \
        "$(sed -n 's/^  RENDER=/render=/p' install.sh | tr -d "'")" platform=hand end=1 >enrolment
      curl -fsS -H 'Content-Type: text/plain' -H 'Authorization: Bearer ${other.token}' \
        --data-binary @enrolment http://vendor:8080/t/${other.id}/v1/enrol`,
        { user: 'hand', env: { HOME: '/home/hand' } },
      );
      await hand.writeFile(
        '/home/hand/.ssh/config',
        `Host *.example.org
  User nobody
Host warehouse
  HostName vendor
  Port 50022
  User tunnel
  IdentityFile ~/.ssh/tunnel_key
  HostKeyAlias tunnel
  UserKnownHostsFile ~/.ssh/tunnel_hosts
  ExitOnForwardFailure yes
  RemoteForward 127.0.0.1:${portOf(other)} database:5432
Host elsewhere
  HostName nowhere.invalid
  User tunnel
`,
      );
      await hand.output('chown hand: /home/hand/.ssh/config');
      await hand.writeFile(
        '/etc/systemd/system/by-hand.service',
        '[Service]\nUser=hand\nExecStart=/usr/bin/ssh -N warehouse\nRestart=always\nRestartSec=1\n',
      );
      await hand.output('systemctl daemon-reload; systemctl start by-hand');
      await vendor.untilAnswered(portOf(other));
    });

    test('is examined by its ssh_config, without root and without a service', async () => {
      const before = await hand.output('pgrep -x ssh');
      await until('all well', async () => (await doctorByHand()).code === 0);
      const { stdout } = await doctorByHand('--json --host warehouse');
      const examination: Examination = JSON.parse(stdout);
      assert.deepEqual(
        examination.hops.map(({ hop }) => hop),
        ALL_HOPS.slice(1),
      );
      assert.equal(await hand.output('pgrep -x ssh'), before);
    });

    test('never logs in, not even where an ssh-agent holds the private key', async () => {
      await hand.output('systemctl stop by-hand');
      await until('down', async () => (await doctorByHand()).code === 7);
      const log = '/var/lib/culvert/sshd.log';
      const size = await vendor.container.output(`stat -c %s ${log}`);
      const { stdout } = await byHand(`
        eval "$(ssh-agent)" >/dev/null
        ssh-add -q .ssh/tunnel_key && bash install.sh doctor --ssh-config .ssh/config
        ssh-agent -k >/dev/null`);
      assert.match(stdout, /^ {2}ok {3}authentication +the server would take the key/m);
      const said = await vendor.container.output(`tail -c +${Number(size) + 1} ${log}`);
      assert.match(said, /Connection from/);
      assert.doesNotMatch(said, /Accepted publickey/);
    });

    test('is down when nobody runs it, though the server would take its key', async () => {
      const { code, stdout } = await doctorByHand();
      assert.equal(code, 7);
      assert.match(stdout, /^ {2}ok {3}authentication +the server would take the key/m);
      assert.match(stdout, /^ {2}no {3}forward +nothing holds port/m);
      assert.match(stdout, /Next: Start your ssh/);
    });

    test('whose key was removed at the vendor is told so', async () => {
      const { items } = await vendor.api<{ items: { fingerprint: string }[] }>(
        'GET',
        `/v1/tunnels/${other.id}/keys`,
      );
      await vendor.api('DELETE', `/v1/tunnels/${other.id}/keys/${items[0]?.fingerprint}`);
      await until('removed', async () =>
        /no {3}authentication/.test((await doctorByHand()).stdout),
      );
      const { code, stdout } = await doctorByHand();
      assert.equal(code, 7);
      assert.match(
        stdout,
        /Broken at the hop authentication: Acme BI has removed the key of this host/,
      );
      assert.match(stdout, /Next: .*new token from Acme BI/);
    });

    for (const [options, code, said] of [
      ['--host elsewhere', 7, /no {3}dns +the name nowhere\.invalid does not resolve/],
      ['--host', 2, /--host needs a value/],
      ['--host ""', 2, /--host needs a value/],
    ] as const) {
      test(`"${options}" ends with ${code}`, async () => {
        const { code: got, stdout, stderr } = await doctorByHand(options);
        assert.equal(got, code, stdout + stderr);
        assert.match(stdout + stderr, said);
      });
    }

    test('has to have a file that can be read', async () => {
      const { code, stderr } = await byHand('bash install.sh doctor --ssh-config nothing');
      assert.equal(code, 2);
      assert.match(stderr, /nothing cannot be read/);
    });
  });
