import { join } from 'node:path';
import {
  type Container,
  type ImageRecipe,
  type Network,
  proxyImage,
  standInImage,
  startContainer,
  vendorImage,
} from '../../support/bed/index.ts';
import type { VendorHost } from '../../support/vendor-host.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');

/** A host that becomes a tunnel server. */
export interface System {
  name: string;
  title: string;
  image: ImageRecipe;
  /** Whether it has an sshd of its own, on port 22, before. */
  hasSshd: boolean;
  tokenFrom: 'the environment' | 'a file' | 'the terminal';
}

export const SYSTEMS: System[] = [
  {
    name: 'debian12',
    title: 'Debian 12 with its own sshd',
    image: vendorImage(),
    hasSshd: true,
    tokenFrom: 'the environment',
  },
  {
    name: 'debian13',
    title: 'Debian 13 with its own sshd',
    image: vendorImage('trixie'),
    hasSshd: true,
    tokenFrom: 'a file',
  },
  {
    name: 'bare',
    title: 'Debian 12 without sshd',
    image: proxyImage(),
    hasSshd: false,
    tokenFrom: 'the environment',
  },
  {
    name: 'stand-in',
    title: 'a stand-in for the RHEL family without sshd (Debian 12 with dnf), not RHEL itself',
    image: standInImage(),
    hasSshd: false,
    tokenFrom: 'the terminal',
  },
];

/** Beyond podman's default, what root has on every host. CAP_SYS_PTRACE is missing: nothing may need it. */
const CAPABILITIES = ['SYS_ADMIN', 'DAC_READ_SEARCH', 'AUDIT_WRITE'];

/** A host that has the script of its region, which has the same name, and no culvert yet. */
export async function startServer(
  { name, image }: Pick<System, 'name' | 'image'>,
  network: Network,
  vendor: VendorHost,
): Promise<Container> {
  const host = await startContainer({
    ...{ image, network, name, capabilities: CAPABILITIES },
    mounts: [{ from: REPOSITORY, to: '/opt/culvert' }],
  });
  // A container's own is read-only.
  await host.outputFromOutside('mount -o remount,bind,rw /proc/sys');
  const script = await vendor.container.output(`
    set -e; cd /root
    culvert() { /opt/culvert/node_modules/.bin/node /opt/culvert/src/main.ts "$@"; }
    export CULVERT_STORE=sqlite:/var/lib/culvert-control/culvert.db CULVERT_URL=http://vendor:8080
    export CULVERT_API_TOKEN=$(culvert api-token create --scopes regions:read --name ${name} --json |
      sed -n 's/.*"token": "\\(.*\\)".*/\\1/p')
    culvert tunnel-server install-script --region ${name} --control-plane http://vendor:8080`);
  await host.writeFile('/root/install.sh', script);
  return host;
}

/** As a package of npm would: root's, and run by whatever Node it names. */
export async function putCulvert(host: Container): Promise<void> {
  const program = '/opt/culvert/node_modules/.bin/node /opt/culvert/src/main.ts';
  const wrapper = `#!/bin/sh\nexec ${program} "$@"\n`;
  await host.writeFile('/usr/local/bin/culvert', wrapper, '0755');
}

/** What the vendor reads from the database behind a tunnel port; empty when it cannot. */
export async function query(host: Container, port: number): Promise<string> {
  const psql = `psql -h 127.0.0.1 -p ${port} -U app -Atc 'select value from greeting' app`;
  const env = { PGPASSWORD: 'app', PGCONNECT_TIMEOUT: '5' };
  return (await host.shell(psql, { env })).stdout.trim();
}

/** The host's own sshd: its files and units; then what a reboot changes. */
export async function stateOfOwnSshd(host: Container): Promise<string> {
  return await host.output(`
    find /etc/ssh /etc/pam.d/sshd -type f -exec sha256sum {} + 2>/dev/null
    systemctl is-enabled ssh 2>/dev/null
    echo --
    systemctl show -p MainPID ssh`);
}
