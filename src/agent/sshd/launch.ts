import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../domain/problem.ts';
import { endProcess } from '../system/end-process.ts';
import { listeningPorts } from '../system/listening-ports.ts';
import {
  findProcess,
  isRunning,
  openFilesOf,
  type ProcessIdentity,
} from '../system/process-table.ts';
import type { SshdOptions } from './options.ts';
import { recordSshd } from './record.ts';

const PATIENCE_MS = 5000;
const POLL_MS = 10;
/** An sshd whose port is taken has ended long before this: one that still runs has its port. */
const REFUSED_AFTER_MS = 1500;

/** Starts sshd and waits until it listens. Throws a problem that tells what sshd said. */
export async function launchSshd(options: SshdOptions): Promise<ProcessIdentity> {
  const { program, folder, listenAddress, port } = options;
  const logEnd = await endOfLog(folder.sshdLog);
  const child = spawn(
    program,
    ['-D', '-f', folder.sshdConfig, '-E', folder.sshdLog],
    // A session of its own: neither the terminal's Ctrl-C nor our end reaches it. And no pipe to us:
    // when the reader of a full one freezes, logins freeze, and then live tunnels.
    { detached: true, stdio: 'ignore', cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
  );
  child.on('error', () => {});
  child.unref();
  const started = child.pid === undefined ? undefined : findProcess(child.pid);
  if (started) {
    await recordSshd(options, started);
    for (let waited = 0; waited < PATIENCE_MS && isRunning(started); waited += POLL_MS) {
      const listens = listensOn(started, listenAddress, port) ?? waited >= REFUSED_AFTER_MS;
      if (listens && isRunning(started)) return started;
      await sleep(POLL_MS);
    }
    await endProcess(started);
  }
  const said = await logSince(folder.sshdLog, logEnd);
  throw new Problem('unavailable', `sshd does not listen on ${listenAddress}:${port}: ${said}`, {
    next: `See whether another program has the port: ss -ltnp 'sport = :${port}'`,
  });
}

/** Undefined: something listens there, and whether it is this process may not be looked up. */
function listensOn({ pid }: ProcessIdentity, address: string, port: number): boolean | undefined {
  const listener = listeningPorts(address).get(port);
  if (!listener) return false;
  return openFilesOf(pid)?.includes(`socket:[${listener.inode}]`);
}

// The log is made here, so that it is there to be followed.
async function endOfLog(path: string): Promise<number> {
  const file = await open(path, 'a', 0o600);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function logSince(path: string, offset: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1000), 0, 1000, offset);
    const text = buffer.toString('latin1', 0, bytesRead);
    return text.replaceAll(/[^\x20-\x7e]+/g, ' ').trim() || 'it said nothing';
  } finally {
    await file.close();
  }
}
