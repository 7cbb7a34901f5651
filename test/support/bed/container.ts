import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { type CommandResult, outputOf, runCommand } from './command.ts';
import { ensureImage } from './images.ts';
import { cardAddress, type Network } from './network.ts';
import { owner, ownerLabel, uniqueName } from './owner.ts';
import { limitOptions, podman, podmanCommand } from './podman.ts';
import { shellLine } from './quote.ts';
import type { ImageRecipe } from './recipes.ts';

export interface Mount {
  /** Absolute path on this machine. */
  from: string;
  /** Absolute path in the container. */
  to: string;
  /** Read-only unless true. */
  writable?: boolean;
}

export interface ContainerOptions {
  image: ImageRecipe;
  network: Network;
  /** What the other containers of the network call it, and its host name; unique in the network. */
  name: string;
  /** Further names of it in the network. */
  aliases?: readonly string[];
  mounts?: readonly Mount[];
  /** A fixed address of the network; without it the next free one. */
  address?: string;
  /** Capabilities beyond podman's default, such as NET_ADMIN. */
  capabilities?: readonly string[];
}

export interface ExecOptions {
  /** root when not given. */
  user?: string;
  env?: Record<string, string>;
  /** Directory to start in. */
  folder?: string;
}

export interface RunOptions extends ExecOptions {
  /** Standard input; empty when not given. */
  input?: string | Buffer;
  /** Milliseconds, 120000 when not given; the command is then killed and the call throws. */
  timeoutMs?: number;
}

export interface SpawnOptions extends ExecOptions {
  /** Runs it on a terminal of 80 columns of its own: what is written to stdin is typed, stdout is the screen. */
  pty?: boolean;
}

/** A host of the test: Debian with systemd as process 1. */
export interface Container {
  name: string;
  address: string;
  /** podman's name of it, for `podman` calls that this interface does not have. */
  id: string;
  /** Runs a command to its end. Throws only when it takes too long. */
  exec(argv: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** Runs a bash script to its end. */
  shell(script: string, options?: RunOptions): Promise<CommandResult>;
  /** Runs a bash script that has to succeed: gives its standard output, throws otherwise. */
  output(script: string, options?: RunOptions): Promise<string>;
  /** Starts a command and leaves it running, with pipes. To end it, end what it runs inside: signals stay outside. */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcessWithoutNullStreams;
  /** Runs a bash script with its files but with all rights of this machine, to mount for example. Throws unless it succeeds. */
  outputFromOutside(script: string): Promise<string>;
  /** Waits until systemd has started everything, and says whether some unit failed. Throws after `timeoutMs`. */
  waitForSystemd(timeoutMs?: number): Promise<'running' | 'degraded'>;
  /** A reboot: systemd stops everything and starts again; files and address stay. Waits for systemd. */
  restart(): Promise<void>;
  /** Switches it off: in order, or at once like a cut of the power. */
  stop(how?: 'in order' | 'at once'): Promise<void>;
  /** Switches it on after `stop`. Waits for systemd. */
  start(): Promise<void>;
  /** Removes it, running or not. */
  remove(): Promise<void>;
  /** Copies a file or a folder of this machine to a path inside. */
  copyIn(hostPath: string, path: string): Promise<void>;
  /** Writes a file as root, with its folders. `mode` is octal digits, 0644 when not given. */
  writeFile(path: string, content: string | Buffer, mode?: string): Promise<void>;
  /** The journal, or one unit's part of it. */
  journal(unit?: string): Promise<string>;
}

/** Starts a host and waits until its systemd has. It is removed when this process ends, at the latest. */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  const image = await ensureImage(options.image);
  const id = `${uniqueName('host')}-${options.name}`;
  const address = options.address ?? options.network.nextAddress();
  const mounts = options.mounts ?? [];
  for (const name of [options.name, ...(options.aliases ?? [])])
    options.network.addName(name, address);
  await podman([
    'run',
    '--detach',
    '--systemd=always',
    ...limitOptions,
    '--http-proxy=false',
    '--log-driver=none',
    `--label=${ownerLabel}=${owner}`,
    `--name=${id}`,
    `--hostname=${options.name}`,
    `--network=${options.network.name}`,
    `--ip=${address}`,
    `--mac-address=${cardAddress(address)}`,
    `--volume=${options.network.hostsFile}:/etc/hosts:ro`,
    ...mounts.map(({ from, to, writable }) => `--volume=${from}:${to}:${writable ? 'rw' : 'ro'}`),
    ...(options.capabilities ?? []).map((capability) => `--cap-add=${capability}`),
    image,
    '/sbin/init',
  ]);
  await options.network.steady();
  // Once known, so that `spawn` can answer at once.
  const execWords = await podmanCommand(['exec', '--interactive']);

  function inside(
    argv: readonly string[],
    { user = 'root', env = {}, folder = '/' }: ExecOptions,
  ): string[] {
    const variables = Object.entries(env).map(([name, value]) => `--env=${name}=${value}`);
    return [...execWords, `--user=${user}`, `--workdir=${folder}`, ...variables, id, ...argv];
  }

  async function exec(argv: readonly string[], run: RunOptions = {}): Promise<CommandResult> {
    const { input, timeoutMs = 120_000, ...how } = run;
    const started = performance.now();
    // `timeout` kills it inside, where our signals do not reach; if that hangs too, we stop waiting a little later.
    const limited = ['timeout', '--signal=KILL', String(timeoutMs / 1000), ...argv];
    const result = await runCommand(inside(limited, how), {
      timeoutMs: timeoutMs + 5000,
      ...(input === undefined ? {} : { input }),
    });
    if (result.code === 137 && performance.now() - started >= timeoutMs) {
      throw new Error(
        `${options.name}: no end within ${timeoutMs} ms: ${argv.join(' ')}\n${result.stdout}${result.stderr}`,
      );
    }
    return result;
  }

  async function output(script: string, run: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await exec(['bash', '-c', script], run);
    if (code !== 0) throw new Error(`${options.name}: exit ${code}: ${script}\n${stdout}${stderr}`);
    return stdout;
  }

  async function waitForSystemd(timeoutMs = 60_000): Promise<'running' | 'degraded'> {
    const { stdout, stderr } = await exec(
      ['bash', '-c', untilStarted, '-', String(Math.ceil(timeoutMs / 1000))],
      {
        timeoutMs: timeoutMs + 10_000,
      },
    );
    const state = stdout.trim();
    if (state === 'running' || state === 'degraded') return state;
    throw new Error(`${options.name}: systemd after ${timeoutMs} ms: ${stdout}${stderr}`);
  }

  const container: Container = {
    name: options.name,
    address,
    id,
    exec,
    output,
    waitForSystemd,
    shell: (script, run) => exec(['bash', '-c', script], run),
    async outputFromOutside(script) {
      const pid = (await podman(['inspect', '--format={{.State.Pid}}', id])).trim();
      return outputOf(['nsenter', `--target=${pid}`, '--mount', '--', 'bash', '-c', script]);
    },
    spawn(argv, { pty = false, ...how } = {}) {
      const words = pty
        ? inside(onTerminal(argv), { ...how, env: { TERM: 'xterm', ...how.env } })
        : inside(argv, how);
      const [file = '', ...args] = words;
      return spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    },
    async restart() {
      await podman(['restart', '--time=30', id]);
      await options.network.steady();
      await waitForSystemd();
    },
    async stop(how = 'in order') {
      await podman(['stop', how === 'in order' ? '--time=30' : '--time=0', id]);
    },
    async start() {
      await podman(['start', id]);
      await options.network.steady();
      await waitForSystemd();
    },
    async remove() {
      await podman(['rm', '--force', '--ignore', '--volumes', '--time=0', id]);
    },
    async copyIn(hostPath, path) {
      await podman(['cp', hostPath, `${id}:${path}`]);
    },
    async writeFile(path, content, mode = '0644') {
      const { code, stderr } = await exec(['install', '-D', '-m', mode, '/dev/stdin', path], {
        input: content,
      });
      if (code !== 0) throw new Error(`${options.name}: cannot write ${path}: ${stderr}`);
    },
    async journal(unit) {
      const only = unit === undefined ? [] : ['--unit', unit];
      return (await exec(['journalctl', '--no-pager', '--output=short-monotonic', ...only])).stdout;
    },
  };
  await waitForSystemd();
  return container;
}

/** Asks again and again: `systemctl is-system-running --wait` now and then misses the moment, and waits for ever. */
const untilStarted = `
end=$((SECONDS + $1))
while [ $SECONDS -lt $end ]; do
  state=$(systemctl is-system-running 2>/dev/null)
  case $state in running|degraded) echo $state; exit ;; esac
  sleep 0.1
done
echo "$state"
systemctl list-jobs`;

/** `script` of util-linux, in every Debian, makes the terminal inside: no native module here, no tty of ours. */
function onTerminal(argv: readonly string[]): string[] {
  return ['script', '-qefc', `stty cols 80 rows 24; exec ${shellLine(argv)}`, '/dev/null'];
}
