import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';
/** Far more than the databases of two tests at once; a container's /dev/shm often has 64 MB. */
const ROOM_BYTES = 4 * 2 ** 30;

/**
 * Where a test's databases go: to memory, which makes them several times quicker than any disk, where
 * there is room for them, and to the usual place for temporary files elsewhere.
 */
export function databaseFolder(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
