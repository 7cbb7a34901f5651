import { stat } from 'node:fs/promises';
import { Type } from 'typebox';
import type { StateFolder } from '../state-folder.ts';
import { bootId } from '../system/process-table.ts';
import { readJson } from '../system/read-json.ts';
import { runProgram } from '../system/run-program.ts';
import { writeAtomically } from '../system/write-atomically.ts';
import type { Session } from './session.ts';
import type { SessionLog } from './session-log.ts';

/** The log's first part is given back to the disk when it has grown by this many bytes. */
const TRIM_EVERY = 4 << 20;

const Process = Type.Object({ pid: Type.Integer(), start: Type.Integer() });
const PositionSchema = Type.Object({
  boot: Type.String(),
  /** Inode of the log. */
  inode: Type.Integer(),
  offset: Type.Integer(),
  /** The sessions that lines before the offset told of. */
  sessions: Type.Array(
    Type.Object({
      monitor: Process,
      child: Type.Optional(Process),
      claims: Type.Array(Type.String()),
      address: Type.Optional(Type.String()),
      peer: Type.Optional(Type.String()),
      isSettled: Type.Optional(Type.Boolean()),
      seenAt: Type.Number(),
    }),
  ),
});

/** Where an agent before us stopped reading for good, and the sessions that it knew there. */
export async function readLogPosition(
  folder: StateFolder,
): Promise<{ offset: number; sessions: Session[] }> {
  const saved = await readJson(folder.logPosition, PositionSchema);
  const log = await stat(folder.sshdLog).catch(() => undefined);
  if (saved?.boot !== bootId() || saved.inode !== log?.ino) return { offset: 0, sessions: [] };
  return { offset: saved.offset, sessions: saved.sessions };
}

/**
 * Gives what has been read back to the disk, once it is much. The file keeps its length and gets a
 * hole: cutting it would lose the lines that sshd writes in that moment, and moving it the lines of
 * all who have it open.
 */
export async function trimLog(
  folder: StateFolder,
  log: SessionLog,
  sessions: Session[],
): Promise<void> {
  if (log.offset - log.trimmed < TRIM_EVERY) return;
  const { offset } = log;
  const { ino: inode } = await stat(folder.sshdLog);
  const position = { boot: bootId(), inode, offset, sessions };
  await writeAtomically(folder.logPosition, JSON.stringify(position), { durable: true });
  await runProgram('/usr/bin/fallocate', [
    ...['--punch-hole', '--offset', '0', '--length', String(offset), folder.sshdLog],
  ]);
  log.trimmed = offset;
}
