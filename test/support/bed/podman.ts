import { type CommandOptions, type CommandResult, outputOf, runCommand } from './command.ts';
import { callsFile, engineWords } from './engine.ts';
import { enterNamespace } from './namespace.ts';
import { owner } from './owner.ts';

/** Options of `podman run` for limits that are allowed everywhere: its own defaults are refused on some machines. */
export const limitOptions = [
  '--pids-limit=-1',
  '--ulimit=nofile=16000:16000',
  '--ulimit=nproc=4096:4096',
];

/** The whole command line of a podman call, entering the namespace of the bed, for `spawn`. */
export async function podmanCommand(args: readonly string[]): Promise<string[]> {
  return [...(await enterNamespace()), ...engineWords(), ...args];
}

/** The same under the lock that a removal waits for. podman's own children do not inherit it. */
async function lockedCommand(args: readonly string[]): Promise<string[]> {
  const lock = ['flock', '--shared', '--close', callsFile(owner)];
  return [...(await enterNamespace()), ...lock, ...engineWords(), ...args];
}

/** Runs podman; gives exit code and output, whatever the code. */
export async function runPodman(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return await runCommand(await lockedCommand(args), options);
}

/** Runs podman; gives its standard output without the last line's end, throws when it fails. */
export async function podman(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return (await outputOf(await lockedCommand(args), options)).trimEnd();
}
