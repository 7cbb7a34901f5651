import {
  allProcessIds,
  childrenOf,
  commandLineOf,
  findProcess,
  openFilesOf,
  type ProcessEntry,
  userOf,
} from '../system/process-table.ts';
import { findSshdProcess, isSshd } from '../system/sshd-process.ts';

/** What tells one sshd of a machine from another. */
export interface SshdIdentity {
  /** Path of its log, without links. */
  log: string;
  /** Sessions run as this account. */
  loginUid: number;
  /** The process that listens for logins, as it is now; undefined while there is none. */
  master: () => number | undefined;
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

/**
 * The user's process of a session whose login is over, told by its title. Before, one child reads the
 * client's packets, titled `[net]`, and another looks the key up, titled as their parent: `[priv]`.
 */
export function loggedInChildOf(monitorPid: number, login: string): ProcessEntry | undefined {
  const pid = childrenOf(monitorPid).find((pid) => {
    const [program = '', title = ''] = commandLineOf(pid).split(': ', 2);
    return isSshd(program) && title === login;
  });
  return pid === undefined ? undefined : findProcess(pid);
}

/** Every process of that sshd, its listening one included. */
export function allOfSshd(sshd: SshdIdentity): ProcessEntry[] {
  return allProcessIds().flatMap((pid) => {
    const entry = findSshdProcess(pid);
    return entry && isOfSshd(sshd, entry) ? entry : [];
  });
}
