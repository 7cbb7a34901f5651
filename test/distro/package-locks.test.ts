import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Container, type Network, startContainer } from '../support/bed/index.ts';
import { DISTROS, type Distro } from '../support/distros.ts';
import { startEnds } from '../support/hosts.ts';
import { install, pastedLine } from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/** What package managers of a family lock, by fcntl as they do. */
const LOCK_FILES: Record<Distro['family'], string[]> = {
  debian: [
    '/var/lib/dpkg/lock-frontend',
    '/var/lib/dpkg/lock',
    '/var/lib/apt/lists/lock',
    '/var/cache/apt/archives/lock',
  ],
  rhel: ['/var/lib/rpm/.rpm.lock'],
};

/** Where dnf 4 writes its process id, and where it looks for that of another one. */
const PID_FILES: Record<Distro['family'], string[]> = {
  debian: [],
  rhel: ['/var/cache/dnf/metadata_lock.pid', '/var/lib/dnf/rpmdb_lock.pid'],
};

/** Locks the file, or writes its process id there, prints the id, and stays for as long as it lives. */
const HOLD = `
use Fcntl;
my ($how, $file) = @ARGV;
open my $handle, $how eq 'lock' ? '>>' : '>', $file or die $!;
if ($how eq 'lock') {
  my $lock = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0);
  fcntl($handle, F_SETLK, $lock) or die $!;
} else {
  syswrite $handle, $$;
}
syswrite STDOUT, $$;
sleep 300;`;

let network: Network;
let vendor: VendorHost;

before(async () => {
  ({ network, vendor } = await startEnds());
});

after(() => network?.remove());

// The locks are the same on every release of a family.
for (const distro of onePerFamily(DISTROS)) {
  describe(`on ${distro.title}, while another package manager holds`, () => {
    let proxy: Container;
    let tunnel: MadeTunnel;

    before(async () => {
      proxy = await startContainer({ image: distro.image, network, name: distro.name });
      tunnel = await vendor.makeTunnel(distro.name);
    });

    // The first installation makes the tunnel; those after it find that ssh is missing.
    const holds = [
      ...LOCK_FILES[distro.family].map((file) => ({ how: 'lock', file })),
      ...PID_FILES[distro.family].map((file) => ({ how: 'write', file })),
    ];
    for (const { how, file } of holds) {
      test(`${file}: says who, gives up in time, and goes on when it is free`, async (t) => {
        t.diagnostic(`ran on: ${distro.title}`);
        await removeSsh(proxy, distro);
        const holder = await hold(proxy, how, file);
        const waiting = `Waiting for perl (process ${holder}), which is at work on packages.`;
        try {
          const { code, stdout, stderr } = await install(proxy, urlOf(tunnel), {
            token: tunnel.token,
            environment: { CULVERT_LOCK_SECONDS: '1' },
          });
          assert.equal(code, 5, stdout + stderr);
          assert.ok(stdout.includes(waiting), stdout);
          assert.equal(
            stderr,
            `\nerror: For 1 seconds perl (process ${holder}) has been at work on packages.\n` +
              '       Wait until it has ended, then run this again.\n',
          );
          assert.notEqual((await proxy.shell('command -v ssh')).code, 0);
        } finally {
          await installUntil(proxy, tunnel, waiting, () => proxy.output(`kill ${holder}`));
        }
        assert.equal(await vendor.query(portOf(tunnel)), 'a row');
      });
    }
  });
}

function onePerFamily(distros: readonly Distro[]): Distro[] {
  const families = [...new Set(distros.map(({ family }) => family))];
  return families.map((family) => distros.findLast((distro) => distro.family === family) as Distro);
}

async function removeSsh(proxy: Container, { family }: Distro): Promise<void> {
  await proxy.output(
    family === 'debian'
      ? 'dpkg --purge --force-depends openssh-client'
      : 'rpm -e --nodeps openssh-clients 2>&1',
  );
}

/** Starts a process that holds a lock; gives its id. */
async function hold(proxy: Container, how: string, file: string): Promise<string> {
  await proxy.output(`mkdir -p ${file.replace(/[^/]*$/, '')}`);
  const child = proxy.spawn(['perl', '-e', HOLD, how, file]);
  child.stdin.end();
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  const ended = once(child, 'close').then(() => {
    throw new Error(`nothing holds ${file}: ${complaint}`);
  });
  const [id] = await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {}); // killed, once the test has what it wants
  return String(id);
}

/** Pastes the line, does `then` as soon as it has said something, and expects it to end well. */
async function installUntil(
  proxy: Container,
  tunnel: MadeTunnel,
  said: string,
  then: () => Promise<unknown>,
): Promise<void> {
  const child = proxy.spawn(['bash'], { env: { HOME: '/root' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdin.end(`${pastedLine(urlOf(tunnel), { token: tunnel.token })}\nexit $?\n`);
  for (const started = performance.now(); !output.includes(said); await sleep(50)) {
    if (performance.now() - started > 60_000 || child.exitCode !== null) break;
  }
  await then();
  const code = await ended;
  assert.ok(output.includes(said), output);
  assert.equal(code, 0, output);
}
