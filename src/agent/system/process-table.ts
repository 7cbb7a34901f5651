import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that no other can be mistaken for while the machine runs: proc_pid_stat(5), field 22. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks from boot to its start. */
  start: number;
}

export interface ProcessEntry extends ProcessIdentity {
  parent: number;
  /** The executable's base name, at most 15 characters. */
  name: string;
  /** As proc_pid_stat(5) has it: `T` is stopped. */
  state: string;
}

/** USER_HZ: 100 on every architecture that Linux and Node share (time(7)). */
const TICKS_PER_SECOND = 100;

let knownBootId: string | undefined;

/** Names this boot of the machine: a pid and start time from before it mean nothing. */
export function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return knownBootId;
}

/** Unix seconds at which a process started. */
export function startedAt({ start }: ProcessIdentity): number {
  const bootTime = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'));
  return Math.floor(Number(bootTime?.[1] ?? 0) + start / TICKS_PER_SECOND);
}

/** The running process with that id; undefined when there is none, or only its remains (a zombie). */
export function findProcess(pid: number): ProcessEntry | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) return undefined;
  // The name stands in parentheses and may itself hold some: the last one closes it.
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return {
    pid,
    state: fields[0] as string,
    name: stat.slice(stat.indexOf('(') + 1, close),
    parent: Number(fields[1]),
    start: Number(fields[19]),
  };
}

/** Whether that very process still runs. */
export function isRunning({ pid, start }: ProcessIdentity): boolean {
  return findProcess(pid)?.start === start;
}

/** Path of a process's executable; undefined when it is gone or may not be asked. */
export function executableOf(pid: number): string | undefined {
  return attempt(() => readlinkSync(`/proc/${pid}/exe`));
}

/** A process's command line, its words separated by blanks. */
export function commandLineOf(pid: number): string {
  return (
    attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()) ?? ''
  );
}

export function childrenOf(pid: number): number[] {
  const children = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'));
  return children?.match(/\d+/g)?.map(Number) ?? [];
}

/** The user that a process runs as. */
export function userOf(pid: number): number | undefined {
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, 'latin1')) ?? '';
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  return uid === undefined ? undefined : Number(uid);
}

/**
 * What a process has open: paths, and `socket:[inode]`. Undefined when it may not be asked: inside a
 * container root may lack CAP_SYS_PTRACE, and then sees numbers without names.
 */
export function openFilesOf(pid: number): string[] | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((descriptor) => linkOf(`${folder}/${descriptor}`) ?? []);
  } catch {
    // One that has just ended is as closed to us, until it is gone from the table; it holds nothing.
    return findProcess(pid) ? undefined : [];
  }
}

// Throws when it may not be read; undefined when it was closed in between.
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function allProcessIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

// A process may end between any two reads.
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
