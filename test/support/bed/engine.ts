import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';

/** What the bed keeps while this machine is up: podman's state, the pinned namespace. One for each cache. */
export function stateFolder(): string {
  return `/run/culvert-test/${createHash('sha256').update(cacheFolder()).digest('hex').slice(0, 8)}`;
}

/** One file for each network: the names of its hosts. */
export function hostsFolder(): string {
  return join(stateFolder(), 'hosts');
}

/** Locked by each podman call of an owner that changes something, for as long as it runs. */
export function callsFile(owner: string): string {
  return join(stateFolder(), `calls-${owner}`);
}

/**
 * The words that start podman, for use inside the namespace of the bed. Storage, state, networks and locks of
 * its own keep images in the cache and leave alone the podman of whoever owns this machine.
 */
export function engineWords(): string[] {
  return [
    'env',
    `CONTAINERS_CONF=${configurationFile()}`,
    'podman',
    `--root=${join(cacheFolder(), 'storage')}`,
    `--runroot=${stateFolder()}/storage`,
  ];
}

/** Writes the configuration that `engineWords` names. */
export async function writeEngineConfiguration(): Promise<void> {
  const networks = join(cacheFolder(), 'networks');
  await mkdir(networks, { recursive: true });
  const draft = `${configurationFile()}.${process.pid}`;
  await writeFile(
    draft,
    `[engine]
# crun fails under the limits that containers get here (memlock).
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "${stateFolder()}/libpod"
# The other kind is one shared memory segment for every podman of the machine.
lock_type = "file"

[network]
network_backend = "netavark"
network_config_dir = "${networks}"
`,
  );
  // In one step: podman calls of other processes read it at any moment.
  await rename(draft, configurationFile());
}

function configurationFile(): string {
  return join(cacheFolder(), 'containers.conf');
}
