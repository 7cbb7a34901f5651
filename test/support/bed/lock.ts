import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const folder = '/run/culvert-test/locks';

/**
 * Runs `work` while no other process of this machine runs work under the same name.
 * The lock is held by a `flock` child that reads our pipe, so it ends with us, however we end.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const holder = spawn('flock', [join(folder, name), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await Promise.race([
    once(holder.stdout, 'data'),
    once(holder, 'error').then(([error]) => Promise.reject(error)),
  ]);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await once(holder, 'close');
  }
}
