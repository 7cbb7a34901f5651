import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './host.ts';
import { runProgram } from './system/run-program.ts';

const RUN_FOLDER = '/run/culvert';

/** Where the agent keeps what must outlive it. All but the keys is for its own user's eyes. */
export interface StateFolder {
  /** What the join answered, credential included. */
  membership: string;
  activeHostKey: string;
  spareHostKey: string;
  /** The keys that may log in, as last heard; `keys` is made from it. */
  keyList: string;
  /** A file for each key, read by sshd's keys user. */
  keys: string;
  /** As root: a folder in /run, with what sshd's login hook needs, and the keys where they must. */
  run?: string;
  sshdConfig: string;
  sshdLog: string;
  sshdPid: string;
  /** Which process is sshd, and what it was started with. */
  sshdRecord: string;
  /** Where in the log to go on, and whose the sessions before are. */
  logPosition: string;
  /** Which process is the agent. */
  agentRecord: string;
}

/** Takes back what lies outside the state folder: it is made anew at each start. */
export async function removeRunFolder({ run }: StateFolder): Promise<void> {
  if (run !== undefined) await rm(run, { recursive: true, force: true });
}

/** Makes the state folder, or mends its modes. Paths are without links, as /proc shows them. */
export async function openStateFolder(place: string, host: Host): Promise<StateFolder> {
  if (host.sshdFolder !== undefined) return await openBeside(host.sshdFolder, place);
  await mkdir(place, { recursive: true });
  const path = await realpath(place);
  const run = host.mode === 'root' ? await openRunFolder(path) : undefined;
  const keys = await placeKeys(path, host, run);
  return { ...filesIn(path), keys, ...(run !== undefined && { run }) };
}

/**
 * The same where systemd keeps sshd. Its installer has made every folder, and the agent may write in
 * its own alone.
 */
async function openBeside(sshdFolder: string, place: string): Promise<StateFolder> {
  const path = await realpath(place);
  return {
    ...filesIn(path),
    keys: join(path, 'keys'),
    activeHostKey: join(sshdFolder, 'host_key'),
    spareHostKey: join(sshdFolder, 'host_key_spare'),
    sshdLog: await realpath(join(sshdFolder, 'log')),
    sshdPid: join(sshdFolder, 'pid'),
  };
}

function filesIn(path: string): Omit<StateFolder, 'keys' | 'run'> {
  return {
    membership: join(path, 'membership.json'),
    activeHostKey: join(path, 'host_key'),
    spareHostKey: join(path, 'host_key_spare'),
    keyList: join(path, 'keys.json'),
    sshdConfig: join(path, 'sshd_config'),
    sshdLog: join(path, 'sshd.log'),
    sshdPid: join(path, 'sshd.pid'),
    sshdRecord: join(path, 'sshd.json'),
    logPosition: join(path, 'sshd.log.json'),
    agentRecord: join(path, 'agent.json'),
  };
}

/**
 * Key files are for the keys user alone: a line names its tunnel, and a tunnel's id lets its holder
 * read. That user must be able to walk to them. Where a folder above bars it (quickstart of root
 * below /root, 0700), the files go to /run: they are made anew from the list at each start.
 */
async function placeKeys(
  path: string,
  { mode, keysUser: { uid, gid } }: Host,
  run = path,
): Promise<string> {
  await chmod(path, mode === 'root' ? 0o711 : 0o700);
  const isReachable =
    mode === 'user' || (await runProgram('/usr/bin/test', ['-x', path], { uid, gid })).ok;
  if (!isReachable) await chmod(path, 0o700);
  const keys = join(isReachable ? path : run, 'keys');
  await mkdir(keys, { recursive: true });
  if (mode === 'root') await chown(keys, 0, gid);
  // The set-group-id bit hands the group down to folders and files made later.
  await chmod(keys, mode === 'root' ? 0o2750 : 0o700);
  return keys;
}

async function openRunFolder(path: string): Promise<string> {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
  const folder = join(RUN_FOLDER, name);
  await mkdir(folder, { recursive: true });
  for (const passable of [RUN_FOLDER, folder]) await chmod(passable, 0o711);
  return folder;
}
