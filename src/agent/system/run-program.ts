import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What a program wrote, and how it ended. */
export interface ProgramResult {
  ok: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program by its absolute path, with nothing of our environment. Never throws. */
export async function runProgram(
  path: string,
  args: string[],
  user?: { uid: number; gid: number },
): Promise<ProgramResult> {
  try {
    const options = { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, cwd: '/' };
    return { ok: true, ...(await execute(path, args, { ...options, ...user })) };
  } catch (error) {
    const { stdout = '', stderr = String(error) } = error as Partial<ProgramResult>;
    return { ok: false, stdout, stderr };
  }
}
