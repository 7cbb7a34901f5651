import { globSync } from 'node:fs';
import { sep } from 'node:path';
import { bedPackages } from '../bed/packages.ts';

/** A kind of tests: what it needs, how long one may take, and how many files run at once. */
export interface Tier {
  name: string;
  files(): string[];
  /** Debian packages. */
  packages: string[];
  /** Whether it computes, or mostly waits for containers: the two kinds run side by side. */
  load: 'computes' | 'waits';
  /** Limit of a test that states none of its own. */
  timeoutMs: number;
}

/** Folders whose tests run whole programs on this machine: sshd, quickstart, control planes, a shell for each cut. */
const SYSTEM = ['agent', 'cli', 'installer', 'instances'];
/** Folders that belong to another tier than `unit`. */
const OTHERS = [...SYSTEM, 'heavy', 'lint', 'windows', 'distro', 'journeys'];
const MACHINE_PACKAGES = [
  'openssh-client',
  'openssh-server',
  'postgresql',
  'curl',
  'iproute2',
  'procps',
];
const MINUTE_MS = 60_000;

export const TIERS: Tier[] = [
  {
    name: 'unit',
    files: () => testFiles((folder) => !OTHERS.includes(folder)),
    // What reviewers check bundles and differences with: bsdtar, Python's tarfile, patch; promtool.
    packages: [
      ...MACHINE_PACKAGES,
      'libarchive-tools',
      'openssl',
      'patch',
      'prometheus',
      'python3',
    ],
    load: 'computes',
    timeoutMs: MINUTE_MS,
  },
  {
    name: 'heavy',
    files: () => testFiles((folder) => folder === 'heavy'),
    packages: ['postgresql'],
    load: 'computes',
    timeoutMs: 3 * MINUTE_MS,
  },
  {
    name: 'system',
    files: () => testFiles((folder) => SYSTEM.includes(folder)),
    packages: [
      ...MACHINE_PACKAGES,
      'dash',
      'jq',
      'mariadb-server',
      'openssl',
      'redis-server',
      'sqlite3',
    ],
    load: 'computes',
    timeoutMs: 40 * MINUTE_MS,
  },
  {
    name: 'lint',
    files: () => testFiles((folder) => folder === 'lint'),
    // autossh: systemd-analyze looks whether the program of a unit is there.
    packages: ['autossh', 'shellcheck', 'shfmt', 'systemd'],
    load: 'computes',
    timeoutMs: 2 * MINUTE_MS,
  },
  {
    name: 'windows',
    files: () => testFiles((folder) => folder === 'windows'),
    packages: [
      ...MACHINE_PACKAGES,
      'libmono-system-serviceprocess4.0-cil',
      'mariadb-server',
      'mono-mcs',
      'mono-runtime',
      'openssl',
      'redis-server',
      'squid',
      'zip',
    ],
    load: 'waits',
    timeoutMs: 10 * MINUTE_MS,
  },
  {
    name: 'distro',
    files: () => testFiles((folder) => folder === 'distro'),
    packages: [...bedPackages, 'ssh-audit'],
    load: 'waits',
    timeoutMs: 10 * MINUTE_MS,
  },
  {
    name: 'journeys',
    files: () => testFiles((folder) => folder === 'journeys'),
    packages: [...bedPackages, ...MACHINE_PACKAGES],
    load: 'waits',
    timeoutMs: 10 * MINUTE_MS,
  },
];

function testFiles(belongs: (folder: string) => boolean): string[] {
  return globSync('test/**/*.test.ts')
    .filter((file) => belongs(file.split(sep)[1] ?? ''))
    .sort();
}
