import { createHash } from 'node:crypto';
import { aptConfiguration } from './apt.ts';
import { bootstrap } from './bootstrap.ts';
import { addLayer } from './layer.ts';
import { withLock } from './lock.ts';
import { podman, runPodman } from './podman.ts';
import type { BootstrapRecipe, ImageRecipe, LayerRecipe } from './recipes.ts';

const known = new Map<string, Promise<string>>();

/**
 * Makes the image of a recipe unless the cache has it, and gives its reference.
 * The first time takes about half a minute; processes that want the same image wait for one to make it.
 */
export async function ensureImage(recipe: ImageRecipe): Promise<string> {
  const key = JSON.stringify(recipe);
  const image = known.get(key) ?? ('from' in recipe ? ensureLayer(recipe) : ensureDebian(recipe));
  known.set(key, image);
  return await image;
}

async function ensureDebian(recipe: BootstrapRecipe): Promise<string> {
  const apt = await aptConfiguration(recipe.suite);
  const name = `${recipe.name}-${recipe.suite}`;
  return await findOrMake(name, [recipe, apt], (image) => bootstrap(recipe, apt, image));
}

async function ensureLayer({ name, from, setup }: LayerRecipe): Promise<string> {
  const base = typeof from === 'string' ? await ensurePulled(from) : await ensureImage(from);
  return await findOrMake(name, [base, setup], (image) => addLayer(base, setup, image));
}

/** A registry's image stays as it was first fetched, until the cache is emptied. */
async function ensurePulled(reference: string): Promise<string> {
  if (!(await exists(reference))) await podman(['pull', '--quiet', reference]);
  return reference;
}

/** `content` is all that the image depends on. */
async function findOrMake(
  name: string,
  content: unknown,
  make: (image: string) => Promise<void>,
): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  const image = `localhost/culvert-test/${name}:${digest}`;
  if (await exists(image)) return image;
  return await withLock(`image-${digest}`, async () => {
    if (await exists(image)) return image;
    const started = performance.now();
    await make(image);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stderr.write(`made the image ${name} in ${seconds} s\n`);
    return image;
  });
}

async function exists(image: string): Promise<boolean> {
  return (await runPodman(['image', 'exists', image])).code === 0;
}
