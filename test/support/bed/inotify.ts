import { readFile, writeFile } from 'node:fs/promises';

const SETTING = '/proc/sys/fs/inotify/max_user_instances';
/** systemd and its helpers take six a host; Linux gives a user 128, and root is the user of all hosts. */
const ENOUGH = 1024;

/** Lets more than twenty hosts run at once: a systemd that gets no inotify instance waits for ever. */
export async function allowManyHosts(): Promise<void> {
  if (Number(await readFile(SETTING, 'utf8')) < ENOUGH) await writeFile(SETTING, String(ENOUGH));
}
