import { Type } from 'typebox';
import { sha256 } from '../../render/index.ts';
import { bootId, isRunning, type ProcessIdentity } from '../system/process-table.ts';
import { readJson } from '../system/read-json.ts';
import { writeAtomically } from '../system/write-atomically.ts';
import type { SshdOptions } from './options.ts';

const RecordSchema = Type.Object({
  boot: Type.String(),
  pid: Type.Integer(),
  start: Type.Integer(),
  /** Digest of the configuration that it was started with. */
  config: Type.String(),
});

/** Notes which process is sshd, so that the next agent can tell. */
export async function recordSshd(
  { folder, config }: SshdOptions,
  { pid, start }: ProcessIdentity,
): Promise<void> {
  const record = { boot: bootId(), pid, start, config: sha256(config) };
  await writeAtomically(folder.sshdRecord, JSON.stringify(record));
}

/** The recorded sshd while it runs, and whether it was started with this very configuration. */
export async function recordedSshd({
  folder,
  config,
}: SshdOptions): Promise<(ProcessIdentity & { isSameConfig: boolean }) | undefined> {
  const record = await readJson(folder.sshdRecord, RecordSchema);
  if (record?.boot !== bootId() || !isRunning(record)) return undefined;
  return { pid: record.pid, start: record.start, isSameConfig: record.config === sha256(config) };
}
