import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program to its end, or ends it after `timeout` milliseconds. */
export async function run(
  program: string,
  args: string[],
  { input = '', timeout = 30_000 } = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, { stdio: 'pipe', timeout, killSignal: 'SIGKILL' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString('latin1');
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, output };
}
