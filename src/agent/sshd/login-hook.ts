import { chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { loadCatalogue, renderLoginHook, renderPamService } from '../../render/index.ts';
import type { Host } from '../host.ts';
import type { AgentLog } from '../settings.ts';
import type { StateFolder } from '../state-folder.ts';
import { runProgram } from '../system/run-program.ts';
import { writeAtomically } from '../system/write-atomically.ts';

const PAM_FOLDER = '/etc/pam.d';
/** Where Debian, the RHEL family and others keep modules of PAM. */
const MODULE_FOLDERS = ['/lib', '/usr/lib', '/lib64', '/usr/lib64'];

/** What agent and login hook tell each other: what sshd runs, as root, between the proof of a key and the session. */
export interface LoginHook {
  /** A file for each tunnel port: who has it. */
  sessions: string;
  /** A file for each tunnel port that somebody is kept away from. */
  bars: string;
}

/** A login hook that the agent has put in place. */
export interface InstalledHook extends LoginHook {
  /** sshd by a name of its own, which is how OpenSSH before 9.8 chooses its PAM service. */
  program: string;
  pamService: string;
}

/** The login hook of an sshd that systemd keeps: its installer has put it in place. */
export function hookIn(sshdFolder: string): LoginHook {
  return { sessions: join(sshdFolder, 'sessions'), bars: join(sshdFolder, 'bars') };
}

/**
 * Puts the login hook in place: it works without the agent from then on. Undefined where it cannot be
 * (an ordinary user's sshd, a host without PAM, /etc that is read-only); then sessions are told from
 * sshd's log.
 */
export async function installLoginHook(
  host: Host,
  folder: StateFolder,
  log: AgentLog,
): Promise<InstalledHook | undefined> {
  if (folder.run === undefined) return undefined;
  const pamService = pamServiceOf(folder.run);
  try {
    await requirePam(host.sshd.path);
    const inside = (name: string) => join(folder.run as string, name);
    const [sessions, bars, script] = [inside('sessions'), inside('bars'), inside('login-hook')];
    for (const one of [sessions, bars]) {
      await mkdir(one, { recursive: true });
      await chmod(one, 0o700);
    }
    if (dirname(folder.keys) !== folder.run) await link(folder.keys, inside('keys'));
    const catalogue = loadCatalogue();
    await writeAtomically(script, renderLoginHook(catalogue), { mode: 0o700 });
    const program = inside(pamService);
    await link(host.sshd.path, program);
    const service = join(PAM_FOLDER, pamService);
    await writeAtomically(service, renderPamService(catalogue, script), { mode: 0o644 });
    return { program, pamService, sessions, bars };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ reason }, 'there is no login hook; sessions are told from the log of sshd');
    return undefined;
  }
}

/** Takes the PAM service away, once no sshd asks for it any more. */
export async function removeLoginHook({ run }: StateFolder): Promise<void> {
  if (run !== undefined) await rm(join(PAM_FOLDER, pamServiceOf(run)), { force: true });
}

// At every moment there is one: an sshd that runs looks for it at each login.
async function link(target: string, path: string): Promise<void> {
  await symlink(target, `${path}.new`);
  await rename(`${path}.new`, path);
}

/** The folder's name tells the agents of one machine apart. */
function pamServiceOf(run: string): string {
  return `culvert-sshd-${basename(run)}`;
}

async function requirePam(sshd: string): Promise<void> {
  const { stdout } = await runProgram('/usr/bin/find', [
    ...MODULE_FOLDERS,
    ...['-maxdepth', '3', '-name', 'pam_exec.so', '-print', '-quit'],
  ]);
  if (stdout === '') throw new Error('PAM has no pam_exec.so here');
  const { stderr } = await runProgram(sshd, ['-t', '-f', '/dev/null', '-o', 'UsePAM=yes']);
  if (/Unsupported option UsePAM/i.test(stderr)) throw new Error('this sshd knows no PAM');
}
