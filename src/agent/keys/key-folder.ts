import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { AgentKey } from '../../domain/agent-protocol.ts';
import { opensshFingerprint } from '../../domain/public-key.ts';
import { writeAtomically } from '../system/write-atomically.ts';

/**
 * The files that sshd looks keys up in (`/usr/bin/cat <folder>/%f`): one for each key, named as
 * sshd prints its fingerprint, so that a `/` in the base64 is a sub-folder.
 */
export interface KeyFolder {
  put(key: AgentKey): Promise<void>;
  remove(fingerprint: string): Promise<void>;
  has(fingerprint: string): Promise<boolean>;
  /** Makes the folder hold exactly these keys, and mends files that differ. */
  fill(keys: Iterable<AgentKey>): Promise<void>;
}

/** Opens the folder; what is made in it takes over the folder's own rights. */
export async function openKeyFolder(folder: string): Promise<KeyFolder> {
  const { mode } = await stat(folder);
  const folderMode = mode & 0o7777;
  const fileMode = mode & 0o666;
  const pathOf = (fingerprint: string) => join(folder, opensshFingerprint(fingerprint));

  async function put(key: AgentKey): Promise<void> {
    const path = pathOf(key.fingerprint);
    await makeParents(path);
    await writeAtomically(path, `${key.line}\n`, { mode: fileMode });
  }

  async function makeParents(path: string): Promise<void> {
    let parent = folder;
    for (const part of relative(folder, dirname(path)).split(sep)) {
      if (part === '') return;
      parent = join(parent, part);
      if (await mkdir(parent, { recursive: true })) await chmod(parent, folderMode);
    }
  }

  async function remove(fingerprint: string): Promise<void> {
    await rm(pathOf(fingerprint), { force: true });
  }

  async function has(fingerprint: string): Promise<boolean> {
    return (await read(pathOf(fingerprint))) !== undefined;
  }

  async function fill(keys: Iterable<AgentKey>): Promise<void> {
    const wanted = new Map([...keys].map((key) => [pathOf(key.fingerprint), key]));
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isDirectory() && !wanted.has(path)) await rm(path);
    }
    for (const [path, key] of wanted) {
      if ((await read(path)) !== `${key.line}\n`) await put(key);
    }
  }

  return { put, remove, has, fill };
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
