import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an image is made of. Two recipes with the same content are one image. */
export type ImageRecipe = BootstrapRecipe | LayerRecipe;

/** A Debian, made from its packages. */
export interface BootstrapRecipe {
  name: string;
  /** Code name of a Debian release, such as bookworm. */
  suite: string;
  packages: readonly string[];
  /** Shell lines run as root inside the finished tree, no service running. */
  setup?: string;
}

/** Another image, with what a script changes in it. */
export interface LayerRecipe {
  name: string;
  /** A recipe, or the reference of an image in a registry. */
  from: BootstrapRecipe | string;
  /** A shell script run as root inside, no service running, this machine's network around it. */
  setup: string;
}

const basePackages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'ca-certificates',
  'curl',
  'openssh-client',
  'iproute2',
  'sudo',
  'procps',
];

/** A customer's host as found: neither autossh nor a compiler. */
export function proxyImage(suite = 'bookworm'): BootstrapRecipe {
  return { name: 'proxy', suite, packages: basePackages };
}

/** A customer's host that stands in for the RHEL family where no registry of images can be reached. */
export function standInImage(): LayerRecipe {
  const packages = [...basePackages, 'dnf', 'rpm', 'createrepo-c', 'autossh', 'wget'];
  return {
    name: 'rhel-stand-in',
    from: { name: 'rhel-base', suite: 'bookworm', packages },
    setup: scriptBeside('rhel-stand-in.sh'),
  };
}

/** A customer's host made of an image from a registry, such as docker.io/rockylinux/rockylinux:9. */
export function registryImage(name: string, reference: string): LayerRecipe {
  return { name, from: reference, setup: scriptBeside('registry-host.sh') };
}

/** A vendor's tunnel server: sshd installed, the distribution's own service masked. */
export function vendorImage(suite = 'bookworm'): BootstrapRecipe {
  return {
    name: 'vendor',
    suite,
    packages: [...basePackages, 'openssh-server', 'postgresql-client'],
    setup: 'systemctl mask ssh.service ssh.socket',
  };
}

/** A customer's database: PostgreSQL on every address, passwords from everywhere. */
export function databaseImage(suite = 'bookworm'): BootstrapRecipe {
  return {
    name: 'database',
    suite,
    packages: [...basePackages, 'postgresql'],
    setup: `
      cd /etc/postgresql/*/main
      echo "listen_addresses = '*'" > conf.d/listen.conf
      echo 'host all all all scram-sha-256' >> pg_hba.conf`,
  };
}

/** A name server: knows the hosts of its network by its /etc/hosts, and asks nobody else. */
export function nameServerImage(suite = 'bookworm'): BootstrapRecipe {
  return {
    name: 'name-server',
    suite,
    packages: [...basePackages, 'dnsmasq'],
    setup: "printf 'no-resolv\\nlocal=//\\n' >/etc/dnsmasq.d/alone.conf",
  };
}

function scriptBeside(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8');
}
