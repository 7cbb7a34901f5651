import { rm } from 'node:fs/promises';
import { Type } from 'typebox';
import { Problem } from '../domain/problem.ts';
import type { StateFolder } from './state-folder.ts';
import { bootId, findProcess, isRunning } from './system/process-table.ts';
import { readJson } from './system/read-json.ts';
import { writeAtomically } from './system/write-atomically.ts';

const RecordSchema = Type.Object({
  boot: Type.String(),
  pid: Type.Integer(),
  start: Type.Integer(),
});

/** Notes that this process is the folder's agent. Throws a problem when another one is. */
export async function becomeSoleAgent({ agentRecord }: StateFolder): Promise<void> {
  const record = await readJson(agentRecord, RecordSchema);
  if (record?.boot === bootId() && isRunning(record)) {
    throw new Problem('conflict', `another agent (process ${record.pid}) uses this state folder`, {
      next: 'Stop it first, or give this one a state folder of its own.',
    });
  }
  const { pid, start = 0 } = { pid: process.pid, ...findProcess(process.pid) };
  await writeAtomically(agentRecord, JSON.stringify({ boot: bootId(), pid, start }));
}

/** Leaves the folder to the next agent. */
export async function resign({ agentRecord }: StateFolder): Promise<void> {
  await rm(agentRecord, { force: true });
}
