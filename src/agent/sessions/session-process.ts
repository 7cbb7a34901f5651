import { basename } from 'node:path';
import {
  allProcessIds,
  childrenOf,
  executableOf,
  findProcess,
  openFilesOf,
  type ProcessEntry,
  userOf,
} from '../system/process-table.ts';

/** What tells one sshd of a machine from another. */
export interface SshdIdentity {
  /** Path of its log, without links. */
  log: string;
  /** Sessions run as this account. */
  loginUid: number;
  /** The process that listens for logins, as it is now. */
  master: () => number;
}

/** From OpenSSH 9.8 on, a session is a process of a program of its own. */
const PROGRAMS: ReadonlySet<string> = new Set(['sshd', 'sshd-session']);

/** The running process with that id, if it is one of OpenSSH's server. */
export function findSshdProcess(pid: number): ProcessEntry | undefined {
  const entry = findProcess(pid);
  if (!entry) return undefined;
  // After an upgrade of OpenSSH the path ends in " (deleted)"; inside a container it may be hidden.
  const program = executableOf(pid)?.replace(/ \(deleted\)$/, '') ?? entry.name;
  return PROGRAMS.has(basename(program)) ? entry : undefined;
}

/**
 * Whether a process of OpenSSH's server belongs to that sshd, and not to another one of the machine.
 * Each of them has the log open, and no client can bring another process to.
 */
export function isOfSshd({ log, loginUid, master }: SshdIdentity, entry: ProcessEntry): boolean {
  if (entry.pid === master() || entry.parent === master()) return true;
  const files = openFilesOf(entry.pid);
  if (files) return files.includes(log);
  // Where we may not look, its user must do: only sessions run as the login account.
  return [entry, childOf(entry.pid)].some((one) => one && userOf(one.pid) === loginUid);
}

/** The user's process of a session: the only child of its monitor. */
export function childOf(monitorPid: number): ProcessEntry | undefined {
  return childrenOf(monitorPid)
    .map(findSshdProcess)
    .find((entry) => entry !== undefined);
}

/** Every process of that sshd, its listening one included. */
export function allOfSshd(sshd: SshdIdentity): ProcessEntry[] {
  return allProcessIds().flatMap((pid) => {
    const entry = findSshdProcess(pid);
    return entry && isOfSshd(sshd, entry) ? entry : [];
  });
}
