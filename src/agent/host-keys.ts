import { access, readFile } from 'node:fs/promises';
import { Problem } from '../domain/problem.ts';
import type { HostKeys } from '../domain/region.ts';
import type { StateFolder } from './state-folder.ts';
import { runProgram } from './system/run-program.ts';

const SSH_KEYGEN = '/usr/bin/ssh-keygen';

/**
 * The host keys of this tunnel server, made when they are not there. Every proxy pins both, so that
 * the spare one can take over without a new installer.
 */
export async function ensureHostKeys(folder: StateFolder): Promise<HostKeys> {
  return {
    active: await ensureKey(folder.activeHostKey),
    spare: await ensureKey(folder.spareHostKey),
  };
}

/** The public halves of the host keys of an sshd that systemd keeps: the private ones are root's alone. */
export async function readHostKeys(folder: StateFolder): Promise<HostKeys> {
  return {
    active: await readPublicHalf(`${folder.activeHostKey}.pub`),
    spare: await readPublicHalf(`${folder.spareHostKey}.pub`),
  };
}

async function readPublicHalf(path: string): Promise<string> {
  const text = await readFile(path, 'latin1').catch(() => '');
  const [type, blob] = text.trim().split(' ');
  if (type && blob) return `${type} ${blob}`;
  throw new Problem('unavailable', `the host key ${path} cannot be read`, {
    next: 'Run the installer of this tunnel server again.',
  });
}

/** The public half as `type blob`. ssh-keygen writes the private one with mode 0600. */
async function ensureKey(path: string): Promise<string> {
  if (!(await exists(path))) {
    const { ok, stderr } = await runProgram(SSH_KEYGEN, [
      ...['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path],
    ]);
    if (!ok) throw new Problem('unavailable', `ssh-keygen made no host key: ${stderr.trim()}`);
  }
  const { ok, stdout, stderr } = await runProgram(SSH_KEYGEN, ['-y', '-f', path]);
  const [type, blob] = stdout.trim().split(' ');
  if (ok && type && blob) return `${type} ${blob}`;
  throw new Problem('unavailable', `the host key ${path} cannot be read: ${stderr.trim()}`, {
    next: 'Restore it from a backup: proxies trust no other.',
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
