import { Problem } from '../../domain/problem.ts';
import { runProgram } from './run-program.ts';

export interface SystemAccount {
  name: string;
  uid: number;
  gid: number;
}

/** An account of this machine by its name. */
export async function findAccount(name: string): Promise<SystemAccount | undefined> {
  const { ok, stdout } = await runProgram('/usr/bin/getent', ['passwd', '--', name]);
  const [, , uid, gid] = stdout.split(':');
  return ok ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

/** Finds a system account, or makes it: no home, no shell, no password. Needs root. */
export async function ensureAccount(name: string): Promise<SystemAccount> {
  const existing = await findAccount(name);
  if (existing) return existing;
  // `*` is "no password fits"; the usual `!` means "locked", and sshd then refuses every key.
  const { stderr } = await runProgram('/usr/sbin/useradd', [
    ...['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'],
    ...['--shell', '/usr/sbin/nologin', '--password', '*', name],
  ]);
  const made = await findAccount(name);
  if (made) return made;
  throw new Problem('unavailable', `the system account ${name} could not be made: ${stderr}`, {
    next: `Make it by hand: useradd --system --password '*' ${name}`,
  });
}
