import { owner, ownerLabel, uniqueName } from './owner.ts';
import { limitOptions, podman } from './podman.ts';

/** Runs a script as root in a container of the image `from`, and keeps the outcome as `image`. */
export async function addLayer(from: string, setup: string, image: string): Promise<void> {
  const id = uniqueName('layer');
  const label = `${ownerLabel}=${owner}`;
  const run = ['run', '--interactive', `--name=${id}`, `--label=${label}`, '--network=host'];
  try {
    await podman([...run, ...limitOptions, from, 'sh', '-s'], { input: setup });
    await podman(['commit', '--quiet', `--change=LABEL ${ownerLabel}=`, id, image]);
  } finally {
    await podman(['rm', '--force', '--ignore', '--volumes', '--time=0', id]);
  }
}
