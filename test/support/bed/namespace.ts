import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { engineWords, stateFolder, writeEngineConfiguration } from './engine.ts';
import { allowManyHosts } from './inotify.ts';
import { owner } from './owner.ts';
import { bedPackages, ensureDebianPackages } from './packages.ts';
import { shellLine } from './quote.ts';
import { removalScript, sweepStale } from './sweep.ts';

let entering: Promise<string[]> | undefined;

/**
 * The words before a command that make it run in the mount namespace of the bed, where /sys/fs/cgroup is a
 * pure cgroup2: systemd in a container does not start on the mixture that some machines have.
 * The first call of a process installs what is missing, starts its keeper, and removes what crashed runs left.
 * Working directories do not carry over: paths in the command must be absolute.
 */
export function enterNamespace(): Promise<string[]> {
  entering ??= prepare();
  return entering;
}

async function prepare(): Promise<string[]> {
  if (process.getuid?.() !== 0) throw new Error('tests in containers need root');
  await ensureDebianPackages(bedPackages);
  await allowManyHosts();
  await writeEngineConfiguration();
  await mkdir(`${stateFolder()}/pin`, { recursive: true });
  const inside = ['nsenter', `--mount=${stateFolder()}/pin/namespace`, '--'];
  await startKeeper(inside);
  await sweepStale(inside);
  return inside;
}

/**
 * One namespace serves all test processes of this machine, because podman's own mounts live in it and each of
 * its calls wants to see those of all containers. A file pins it, so that it needs no process.
 *
 * The keeper reads our pipe. When this process ends, in whatever way, it reads end of file, removes every
 * container and network of this process, and the last keeper unpins the namespace.
 */
async function startKeeper(inside: readonly string[]): Promise<void> {
  const keeper = spawn('sh', ['-c', keeperScript(inside)], {
    // Its standard error is ours: a test runner that reads to the end waits until all is removed.
    stdio: ['pipe', 'pipe', 'inherit'],
    // In a session of its own: Ctrl-C must not end it before it has cleared up.
    detached: true,
  });
  const failed = once(keeper, 'close').then(() => {
    throw new Error('no namespace with a pure cgroup2 for the containers');
  });
  await Promise.race([once(keeper.stdout, 'data'), failed]);
  failed.catch(() => {});
  // It must not keep this process running: it is this process it waits for.
  keeper.unref();
  for (const pipe of [keeper.stdin, keeper.stdout]) (pipe as unknown as Socket).unref();
}

function keeperScript(inside: readonly string[]): string {
  const enter = shellLine(inside);
  return `
    cd ${shellLine([stateFolder()])} || exit 1
    # Held by every keeper while it lives.
    exec 9>users && flock --shared 9 || exit 1

    exec 8>making && flock 8 || exit 1
    if ! ${enter} true 2>/dev/null; then
      # Without the namespace no container can be alive: podman must forget what it believes of an earlier one,
      # which outlives a power cut where /run is on a disk.
      rm -rf libpod storage hosts
      touch pin/namespace
      # A namespace can only be pinned on a mount that is not shared with others.
      mountpoint -q pin || { mount --bind pin pin && mount --make-private pin; } || exit 1
      # Linux 6.18 counts namespaces by processor, and pins one only if its number is above that of ours: in a
      # container that holds on some processors, always on the one that made ours.
      for cpu in $(seq 0 $(($(nproc --all) - 1))); do
        taskset -c $cpu unshare --mount=pin/namespace sh -c '
          umount --recursive /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup' 2>why && break
        umount pin/namespace 2>/dev/null
      done
      ${enter} true || { cat why >&2; exit 1; }
    fi
    exec 8>&-

    echo ready
    cat

    ${enter} sh -c ${shellLine([removalScript(owner)])} 9>&-
    if flock --exclusive --nonblock 9 && [ -z "$(${enter} ${shellLine(engineWords())} ps -aq)" ]; then
      umount pin/namespace pin
    fi`;
}
