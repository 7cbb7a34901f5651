import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Written to standard input; without it the command reads end of file at once. */
  input?: string | Buffer;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds until the command is killed and the call throws. Without it there is no limit. */
  timeoutMs?: number;
}

/**
 * Runs a command of this machine to its end, whatever its exit code (a signal counts as 128 and more).
 * Throws when it cannot be started or takes longer than `timeoutMs`.
 */
export async function runCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('a command needs at least one word');
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
  // A command that does not read its input closes the pipe first; its exit code tells the story.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);

  let late = false;
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          child.kill('SIGKILL');
          // A grandchild may hold the pipes open: what it writes no longer matters.
          child.stdout.destroy();
          child.stderr.destroy();
        }, options.timeoutMs);
  const [code, stdout, stderr] = await Promise.all([
    ended,
    textOf(child.stdout),
    textOf(child.stderr),
  ]).finally(() => clearTimeout(timer));
  if (late)
    throw new Error(`no end within ${options.timeoutMs} ms: ${argv.join(' ')}\n${stdout}${stderr}`);
  return { code, stdout, stderr };
}

/** The same, for a command that has to succeed: gives its standard output, throws with its errors otherwise. */
export async function outputOf(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, options);
  if (code !== 0) throw new Error(`exit ${code}: ${argv.join(' ')}\n${stderr || stdout}`);
  return stdout;
}

/** What was read until the end, or until the stream was destroyed. */
async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  return text(stream).catch(() => '');
}
