import { access, constants, realpath } from 'node:fs/promises';
import { Problem } from '../../domain/problem.ts';
import { runProgram } from '../system/run-program.ts';

const USUAL_PLACES = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'];

/** The OpenSSH server that is installed here. */
export interface SshdProgram {
  /** Absolute, without links. */
  path: string;
  /** As it names itself, for example `OpenSSH_9.2p1 Debian-2`. */
  version: string;
  openssh: { major: number; minor: number };
}

/** Finds sshd and asks it for its version. Throws a problem that says what to install. */
export async function findSshd(path?: string): Promise<SshdProgram> {
  for (const place of path ? [path] : USUAL_PLACES) {
    if (!(await isExecutable(place))) continue;
    const { stdout, stderr } = await runProgram(place, ['-V']);
    // Up to 9.2 -V is refused as unknown, and the refusal names the version.
    const match = /OpenSSH_(\d+)\.(\d+)[^,\r\n]*/.exec(stdout + stderr);
    if (!match) continue;
    const openssh = { major: Number(match[1]), minor: Number(match[2]) };
    return { path: await realpath(place), version: match[0], openssh };
  }
  throw new Problem('unavailable', `there is no OpenSSH server at ${path ?? USUAL_PLACES[0]}`, {
    next: 'Install the package openssh-server, then start again.',
  });
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
