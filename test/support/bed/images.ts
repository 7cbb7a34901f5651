import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AptConfiguration, aptConfiguration } from './apt.ts';
import { cacheFolder } from './cache.ts';
import { outputOf } from './command.ts';
import { withLock } from './lock.ts';
import { ensureDebianPackages } from './packages.ts';
import { podman, runPodman } from './podman.ts';
import { shellLine } from './quote.ts';

/** What an image is made of. Two recipes with the same content are one image. */
export interface ImageRecipe {
  name: string;
  /** Code name of a Debian release, such as bookworm. */
  suite: string;
  packages: readonly string[];
  /** Shell lines run as root inside the finished tree, no service running. */
  setup?: string;
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
export function proxyImage(suite = 'bookworm'): ImageRecipe {
  return { name: 'proxy', suite, packages: basePackages };
}

/** A vendor's tunnel server: sshd installed, the distribution's own service masked. */
export function vendorImage(suite = 'bookworm'): ImageRecipe {
  return {
    name: 'vendor',
    suite,
    packages: [...basePackages, 'openssh-server', 'postgresql-client'],
    setup: 'systemctl mask ssh.service ssh.socket',
  };
}

/** A customer's database: PostgreSQL on every address, passwords from everywhere. */
export function databaseImage(suite = 'bookworm'): ImageRecipe {
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

const known = new Map<string, Promise<string>>();

/**
 * Makes the image of a recipe unless the cache has it, and gives its reference.
 * The first time takes about half a minute; processes that want the same image wait for one to make it.
 */
export async function ensureImage(recipe: ImageRecipe): Promise<string> {
  const key = JSON.stringify(recipe);
  const image = known.get(key) ?? findOrBuild(recipe);
  known.set(key, image);
  return await image;
}

async function findOrBuild(recipe: ImageRecipe): Promise<string> {
  const apt = await aptConfiguration(recipe.suite);
  const digest = createHash('sha256')
    .update(JSON.stringify([recipe, apt]))
    .digest('hex')
    .slice(0, 16);
  const image = `localhost/culvert-test/${recipe.name}-${recipe.suite}:${digest}`;
  if (await exists(image)) return image;
  return await withLock(`image-${digest}`, async () => {
    if (!(await exists(image))) await build(recipe, apt, image);
    return image;
  });
}

async function exists(image: string): Promise<boolean> {
  return (await runPodman(['image', 'exists', image])).code === 0;
}

async function build(recipe: ImageRecipe, apt: AptConfiguration, image: string): Promise<void> {
  await ensureDebianPackages(['mmdebstrap']);
  const started = performance.now();
  const folder = join(cacheFolder(), 'building', image.replace(/.*:/, ''));
  const tar = join(folder, 'image.tar');
  const access = join(folder, 'apt.conf');
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(access, apt.options.map((line) => `${line}\n`).join(''));
    await outputOf([
      'mmdebstrap',
      '--variant=minbase',
      `--include=${recipe.packages.join(',')}`,
      // mmdebstrap reads a file's options for its own downloads and leaves them in the image, for apt there.
      `--aptopt=${access}`,
      ...(recipe.setup === undefined
        ? []
        : [`--customize-hook=chroot "$1" ${shellLine(['sh', '-euc', recipe.setup])}`]),
      recipe.suite,
      tar,
      ...apt.sources,
    ]);
    await podman(['import', '--quiet', tar, image]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(`made the image ${recipe.name} (Debian ${recipe.suite}) in ${seconds} s\n`);
}
