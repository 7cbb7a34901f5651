import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import {
  type CommandResult,
  type Container,
  type ImageRecipe,
  type Network,
  proxyImage,
  startContainer,
} from '../support/bed/index.ts';
import { DISTROS, type Distro } from '../support/distros.ts';
import { startEnds } from '../support/hosts.ts';
import {
  addSudoer,
  type InstallOptions,
  install,
  onTerminal,
  pastedLine,
} from '../support/installer.ts';
import { type MadeTunnel, portOf, urlOf, type VendorHost } from '../support/vendor-host.ts';

/**
 * Hosts and moments at which an installation must end with its exit code and one clear message, on a
 * host left as it was or mended by the same command; and oddities of a host that must not matter.
 */

let network: Network;
let vendor: VendorHost;

before(async () => {
  ({ network, vendor } = await startEnds());
});

after(() => network?.remove());

interface Scene {
  proxy: Container;
  tunnel: MadeTunnel;
  /** Pastes the line for this tunnel with its token. */
  paste(options?: InstallOptions): Promise<CommandResult>;
}

/** Makes a host of its own for a fault, and a tunnel for it. */
type Stage = (name: string) => Promise<Scene>;

/** On Debian 12, with autossh there. */
const scene: Stage = (name) => {
  const { packages, ...rest } = proxyImage();
  const image = { ...rest, name: 'prepared', packages: [...packages, 'autossh', 'iptables'] };
  return sceneOf(name, image);
};

/** On another system, as it is. */
const stageOn =
  ({ name: system, image }: Distro): Stage =>
  (name) =>
    sceneOf(`${system}-${name}`, image);

async function sceneOf(name: string, image: ImageRecipe): Promise<Scene> {
  const [proxy, tunnel] = await Promise.all([
    startContainer({ image, network, name, capabilities: ['NET_ADMIN'] }),
    vendor.makeTunnel(name),
  ]);
  const paste = (options: InstallOptions = {}) =>
    install(proxy, urlOf(tunnel), { token: tunnel.token, ...options });
  return { proxy, tunnel, paste };
}

/** The installation ends well, and the vendor can query. */
async function succeeds({ tunnel, paste }: Scene, options: InstallOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await paste(options);
  assert.equal(code, 0, stdout + stderr);
  assert.equal(await vendor.query(portOf(tunnel)), 'a row');
  return stdout;
}

/** It ends with the code and the message; every error says what to do next. */
function fails({ code, stdout, stderr }: CommandResult, expected: number, message: RegExp): void {
  assert.equal(code, expected, stdout + stderr);
  assert.match(stderr, message);
  assert.match(stderr, /\nerror: [^\n]+\n(?: {2}[^\n]+\n)* {7}[^\n]+\n/);
}

/** Runs something on the host when a phase of the installation begins; gives how that ended. */
async function atPhase(
  { proxy, tunnel }: Scene,
  phase: number,
  script: string,
): Promise<CommandResult> {
  const child = proxy.spawn(['bash']);
  let [stdout, stderr] = ['', ''];
  let done: Promise<unknown> | undefined;
  child.stdout.on('data', (data) => {
    stdout += data;
    if (stdout.includes(`\n[${phase}/7] `)) done ??= proxy.output(script);
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  child.stdin.end(`${pastedLine(urlOf(tunnel), tunnel)}\nexit $?\n`);
  const [code] = await once(child, 'close');
  await done;
  return { code, stdout, stderr };
}

/** Leaves the host without a route as soon as a path is there. */
async function cutOnceThere({ proxy }: Scene, path: string): Promise<void> {
  await proxy.output(`
    {
      until [[ -e ${path} ]]; do sleep 0.01; done
      ip rule add prio 1 unreachable
    } </dev/null >/dev/null 2>&1 &`);
}

async function isUntouched({ proxy }: Scene): Promise<void> {
  const { stdout } = await proxy.shell(`
    ls -d /etc/h_autossh /etc/.h_autossh* /var/lib/h_autossh /usr/local/*/h_autossh \
      /etc/systemd/system/h_autossh* /run/culvert.* /tmp/culvert.* 2>/dev/null
    id h_autossh 2>/dev/null`);
  assert.equal(stdout, '');
}

/** Owners and modes of all that an installation makes. */
const rightsOf = ({ proxy, tunnel }: Scene): Promise<string> =>
  proxy
    .output(
      `find /etc/h_autossh /var/lib/h_autossh /usr/local/lib/h_autossh /usr/local/sbin/h_autossh \
        /etc/systemd/system/h_autossh* -printf '%p %y %m %u:%g\\n' | sort`,
    )
    .then((rights) => rights.replaceAll(tunnel.slug, '<tunnel>'));

const LINK_TARGET = '/home/mallory/target';
const links = (slug: string) => [
  '/etc/h_autossh',
  '/var/lib/h_autossh',
  '/usr/local/lib/h_autossh',
  '/usr/local/sbin/h_autossh',
  `/etc/systemd/system/h_autossh@acme_${slug}.service`,
  '/etc/systemd/system/h_autossh.service',
];

/** The eight most telling ones, which every system has to stand. */
const TELLING: [what: string, stand: (stage: Stage) => Promise<void>][] = [
  [
    'a read-only /etc is found before anything is changed',
    async (stage) => {
      const here = await stage('read-only');
      await here.proxy.outputFromOutside(
        'mount --rbind /etc /etc && mount -o remount,bind,ro /etc',
      );
      fails(await here.paste(), 4, /\/etc cannot be written: it is mounted read-only/);
      await isUntouched(here);
      await here.proxy.outputFromOutside('mount -o remount,bind,rw /etc');
      await succeeds(here);
    },
  ],
  [
    'a disk that fills up on the way ends it, and the same command goes on',
    async (stage) => {
      const here = await stage('fills-up');
      await here.proxy.outputFromOutside(
        'mkdir /var/lib/h_autossh && mount -t tmpfs -o size=4k,nr_inodes=4 none /var/lib/h_autossh',
      );
      fails(await here.paste(), 5, /cannot be (made|written)/);
      await here.proxy.outputFromOutside('umount /var/lib/h_autossh');
      await succeeds(here);
    },
  ],
  [
    'a sudo that asks each time asks once',
    async (stage) => {
      const here = await stage('asks');
      await addSudoer(here.proxy, 'fred', true);
      await here.proxy.writeFile('/etc/sudoers.d/ask', 'Defaults timestamp_timeout=0\n', '0440');
      const screen = await onTerminal(
        here.proxy,
        'fred',
        [
          { type: `${pastedLine(urlOf(here.tunnel), here.tunnel)}; echo "ended with $?"` },
          { after: /password for fred: /, type: 'fred' },
        ],
        /ended with \d+/,
      );
      assert.match(screen, /ended with 0/, screen);
      assert.equal(screen.match(/password for fred/g)?.length, 1, screen);
    },
  ],
  [
    'a hostile environment',
    async (stage) => {
      const here = await stage('hostile');
      await here.proxy.writeFile('/run/evil.sh', 'touch /run/pwned\n');
      // The shell of the line itself reads it before it reads us; nothing that we start may.
      await here.proxy.writeFile('/run/once.sh', 'echo read >>/run/reads\n');
      const { code, stdout, stderr } = await here.proxy.exec(['bash'], {
        input: `
        for name in ssh ssh-keygen curl sed awk printf say fail run record systemctl install rm; do
          eval "function $name { touch /run/pwned; false; }; export -f $name"
        done
        alias ls='touch /run/pwned'
        export CDPATH=/run:/tmp IFS=aeiou PATH=/usr/bin:/bin LANG=tr_TR.UTF-8 LC_ALL=xx_YY TERM=
        export TMPDIR=/nonexistent HOME=/nonexistent GREP_OPTIONS=--color=always
        export GREP_COLOR=1 CURL_HOME=/run DF_BLOCK_SIZE=1 TZ=Asia/Kathmandu SYSTEMD_COLORS=1
        export SYSTEMD_PAGER=cat SYSTEMD_LOG_LEVEL=debug SSH_AUTH_SOCK=/run/none SUDO_ASKPASS=/x
        export EXIT_CODES=1 MODE=uninstall QUIET=yes FINDINGS=x TOKEN=x PHASE=9 USAGE=0 NO_COLOR=1
        shopt -s failglob nocasematch; export BASHOPTS; set -o noclobber; export SHELLOPTS
        command curl -fsSL ${urlOf(here.tunnel)} |
          CULVERT_TOKEN=${here.tunnel.token} BASH_ENV=/run/once.sh ENV=/run/evil.sh bash
        exit $?`,
      });
      assert.equal(code, 0, stdout + stderr);
      assert.notEqual((await here.proxy.shell('ls /run/pwned')).code, 0);
      assert.equal(await here.proxy.output('cat /run/reads'), 'read\n');
      assert.equal(await vendor.query(portOf(here.tunnel)), 'a row');
    },
  ],
  [
    'two runs at once: one waits for the other, and both end well',
    async (stage) => {
      const here = await stage('at-once');
      const runs = await Promise.all([here.paste(), here.paste()]);
      for (const { code, stdout, stderr } of runs) assert.equal(code, 0, stdout + stderr);
      assert.match(runs.map(({ stdout }) => stdout).join(), /Another run is changing the tunnels/);
      assert.equal(await vendor.query(portOf(here.tunnel)), 'a row');
    },
  ],
  [
    'a symbolic link planted where it writes is refused, and what it leads to stays as it was',
    async (stage) => {
      const here = await stage('links');
      await here.proxy.output('useradd -m mallory');
      for (const link of links(here.tunnel.slug)) {
        const isFile = /sbin|systemd/.test(link);
        await here.proxy.output(
          `${isFile ? `echo theirs >${LINK_TARGET}` : `mkdir ${LINK_TARGET}`}; ln -s ${LINK_TARGET} ${link}`,
        );
        fails(await here.paste(), 4, new RegExp(`${link.split('/').pop()}.*(link|not Culvert's)`));
        const state = `find ${LINK_TARGET} -printf '%P %y %u %m\\n'; cat ${LINK_TARGET} 2>/dev/null`;
        assert.equal(
          await here.proxy.output(`${state} || true`),
          isFile ? ' f root 644\ntheirs\n' : ' d root 755\n',
          link,
        );
        await here.proxy.output(`rm -r ${link} ${LINK_TARGET}; systemctl daemon-reload`);
      }
      await isUntouched(here);
    },
  ],
  [
    'a symbolic link inside an installation is replaced, not followed',
    async (stage) => {
      const here = await stage('inside');
      await succeeds(here);
      await here.proxy.output(`useradd -m mallory; echo theirs >${LINK_TARGET}`);
      const files = [
        `/etc/h_autossh/acme_${here.tunnel.slug}/ssh_config`,
        `/etc/h_autossh/acme_${here.tunnel.slug}/known_hosts`,
        `/usr/local/lib/h_autossh/acme_${here.tunnel.slug}/tunnel`,
      ];
      for (const file of files) await here.proxy.output(`ln -sf ${LINK_TARGET} ${file}`);
      await succeeds(here);
      assert.equal(
        await here.proxy.output(`stat -c '%U %a' ${LINK_TARGET}; cat ${LINK_TARGET}`),
        'root 644\ntheirs\n',
      );
      for (const file of files) await here.proxy.output(`test ! -L ${file}`);
    },
  ],
  [
    'the network goes before the enrolment, and the same command goes on',
    async (stage) => {
      const here = await stage('gone');
      // Its folder is made just before the key, which takes a while and no network.
      await cutOnceThere(here, `/etc/h_autossh/acme_${here.tunnel.slug}`);
      fails(await here.paste(), 6, /The control plane: /);
      await here.proxy.output('ip rule del prio 1');
      await succeeds(here);
    },
  ],
];

describe('on Debian 12', () => {
  for (const [what, stand] of TELLING) test(what, () => stand(scene));
});

// Each host of its own waits for the others' most of the time.
describe('elsewhere', { concurrency: true }, () => {
  for (const distro of DISTROS.filter(({ name }) => name !== 'debian12')) {
    describe(`on ${distro.title}`, { concurrency: false }, () => {
      for (const [what, stand] of TELLING) test(what, () => stand(stageOn(distro)));
    });
  }
});

describe('a host that cannot take it', () => {
  test('a full disk is found before anything is changed', async () => {
    const here = await scene('full');
    await here.proxy.outputFromOutside(`
      mkdir /run/lib && mount -t tmpfs -o size=40m none /run/lib && cp -a /var/lib/. /run/lib/ &&
        mount --move /run/lib /var/lib`);
    fails(await here.paste(), 4, /less than 50 MB are free in \/var\/lib/);
    await isUntouched(here);
    await here.proxy.outputFromOutside('mount -o remount,size=200m /var/lib');
    await succeeds(here);
  });

  test('no sudo: it says how to go on as root', async () => {
    const here = await scene('no-sudo');
    await addSudoer(here.proxy, 'dora', false);
    await here.proxy.output('chmod 0700 /usr/bin/sudo; mv /usr/bin/sudo /usr/bin/sudo.away');
    fails(await here.paste({ user: 'dora' }), 4, /there is no sudo/);
    await isUntouched(here);
  });

  test('a sudo that wants a terminal, where there is none', async () => {
    const here = await scene('requiretty');
    await addSudoer(here.proxy, 'erik', false);
    await here.proxy.writeFile('/etc/sudoers.d/tty', 'Defaults requiretty\n', '0440');
    fails(await here.paste({ user: 'erik' }), 4, /sudo did not let this script become root/);
    await isUntouched(here);
    const screen = await onTerminal(
      here.proxy,
      'erik',
      [{ type: `${pastedLine(urlOf(here.tunnel), here.tunnel)}; echo "ended with $?"` }],
      /ended with \d+/,
    );
    assert.match(screen, /ended with 0/, screen);
  });
});

describe('what must not matter', () => {
  let usual: string;

  before(async () => {
    const here = await scene('usual');
    await succeeds(here);
    usual = await rightsOf(here);
  });

  for (const mask of ['077', '000']) {
    test(`umask ${mask}: the same rights as ever`, async () => {
      const here = await scene(`umask-${mask}`);
      const { code, stdout, stderr } = await here.proxy.exec(['bash'], {
        input: `umask ${mask}; ${pastedLine(urlOf(here.tunnel), here.tunnel)}\n`,
      });
      assert.equal(code, 0, stdout + stderr);
      assert.equal(await rightsOf(here), usual);
    });
  }

  test('noexec on /tmp and /run, and a shell in POSIX mode', async () => {
    const here = await scene('noexec');
    await here.proxy.outputFromOutside(
      'mount -t tmpfs -o noexec,mode=1777 none /tmp && mount -o remount,noexec /run',
    );
    await succeeds(here, { environment: { POSIXLY_CORRECT: '1' } });
  });
});

test('the network goes before the packages, and the same command goes on', async () => {
  const here = await sceneOf('no-packages', proxyImage());
  await here.proxy.output('apt-get update -qq');
  await cutOnceThere(here, '/var/lib/h_autossh/acme_no-packages/installed');
  fails(await here.paste(), 5, /apt-get could not install autossh/);
  await here.proxy.output('ip rule del prio 1');
  await succeeds(here);
});

describe('the network goes', { concurrency: true }, () => {
  const cut = 'iptables -I INPUT -j DROP; iptables -I OUTPUT -j DROP; ip6tables -I OUTPUT -j DROP';
  const mend = 'iptables -F; ip6tables -F';

  for (const [phase, codes] of [
    [1, [4]],
    [6, [7]],
    [7, [7, 8]],
  ] as const) {
    test(`from phase ${phase} on: it says so, and the same command goes on`, async () => {
      const here = await scene(`cut-${phase}`);
      const result = await atPhase(here, phase, cut);
      await here.proxy.output(mend);
      assert.ok((codes as readonly number[]).includes(result.code), result.stdout + result.stderr);
      assert.match(result.stderr, /\nerror: /);
      if (phase === 1) await isUntouched(here);
      await succeeds(here);
    });
  }
});
