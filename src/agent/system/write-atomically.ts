import { chmod, rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes a file so that a reader sees the old content or the new, never a part. `durable` waits for
 * the disk. The mode holds whatever the umask is.
 */
export async function writeAtomically(
  path: string,
  content: string | Buffer,
  { mode = 0o600, durable = false } = {},
): Promise<void> {
  const draft = `${path}.new`;
  try {
    await writeFile(draft, content, { mode, flush: durable });
    await chmod(draft, mode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
