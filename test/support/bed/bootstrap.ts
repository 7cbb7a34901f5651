import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AptConfiguration } from './apt.ts';
import { cacheFolder } from './cache.ts';
import { outputOf } from './command.ts';
import { ensureDebianPackages } from './packages.ts';
import { podman } from './podman.ts';
import { shellLine } from './quote.ts';
import type { BootstrapRecipe } from './recipes.ts';

/** Makes a Debian of packages, and gives it to podman as `image`. */
export async function bootstrap(
  recipe: BootstrapRecipe,
  apt: AptConfiguration,
  image: string,
): Promise<void> {
  await ensureDebianPackages(['mmdebstrap']);
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
}
