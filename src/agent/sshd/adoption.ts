import type { StateFolder } from '../state-folder.ts';
import { endProcess } from '../system/end-process.ts';
import {
  commandLineOf,
  executableOf,
  findProcess,
  type ProcessIdentity,
} from '../system/process-table.ts';
import { findSshdProcess } from '../system/sshd-process.ts';
import type { SshdOptions } from './options.ts';
import { pidInFile } from './pid-file.ts';
import { recordedSshd } from './record.ts';

/**
 * The sshd that an agent before us left running, when it is the very one that would be started now:
 * process, start time, executable and configuration. Any other that has our files is ended.
 */
export async function adoptSshd(options: SshdOptions): Promise<ProcessIdentity | undefined> {
  const { host, folder } = options;
  const recorded = await recordedSshd(options);
  // An executable that was upgraded since reads as "… (deleted)".
  const isSame = recorded?.isSameConfig && executableOf(recorded.pid) === host.sshd.path;
  if (recorded && isSame && hasOurFiles(recorded.pid, folder)) return recorded;

  // The second is known when the agent died between start and record.
  for (const pid of [recorded?.pid, pidInFile(folder.sshdPid)]) {
    const leftBehind = pid === undefined ? undefined : findProcess(pid);
    if (leftBehind && hasOurFiles(leftBehind.pid, folder)) await endProcess(leftBehind);
  }
  return undefined;
}

// sshd keeps its arguments in its title, and no other process is given these.
function hasOurFiles(pid: number, { sshdConfig, sshdLog }: StateFolder): boolean {
  return (
    findSshdProcess(pid) !== undefined &&
    commandLineOf(pid).includes(` -D -f ${sshdConfig} -E ${sshdLog}`)
  );
}
