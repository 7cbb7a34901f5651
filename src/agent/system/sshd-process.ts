import { basename } from 'node:path';
import { executableOf, findProcess, type ProcessEntry } from './process-table.ts';

/** From OpenSSH 9.8 on, a session is a process of a program of its own. */
const PROGRAMS: ReadonlySet<string> = new Set(['sshd', 'sshd-session']);
/** What ours is called by where it has a login hook; a process's name is cut at 15 characters. */
const OUR_NAME = 'culvert-sshd';

/** The running process with that id, if it is one of OpenSSH's server. */
export function findSshdProcess(pid: number): ProcessEntry | undefined {
  const entry = findProcess(pid);
  if (!entry) return undefined;
  // After an upgrade of OpenSSH the path ends in " (deleted)"; inside a container it may be hidden.
  const program = executableOf(pid)?.replace(/ \(deleted\)$/, '') ?? entry.name;
  return isSshd(basename(program)) ? entry : undefined;
}

/** Whether a program of that name is OpenSSH's server. */
export function isSshd(name: string): boolean {
  return PROGRAMS.has(name) || name.startsWith(OUR_NAME);
}
