import { availableParallelism } from 'node:os';
import { type FileOutcome, runFile } from './run-file.ts';
import type { Tier } from './tiers.ts';

/** How many files of containers wait side by side; each holds a few hosts. */
const WAITING = 3;

/** Runs every file of the tiers: those that compute on all cores, those that wait beside them. */
export async function runFiles(
  tiers: readonly Tier[],
  onFile: (outcome: FileOutcome) => void,
): Promise<FileOutcome[]> {
  const outcomes: FileOutcome[] = [];
  const work = (load: Tier['load'], width: number) => {
    const queue = tiers
      .filter((tier) => tier.load === load)
      .flatMap((tier) => tier.files().map((file) => ({ file, timeoutMs: tier.timeoutMs })));
    return Array.from({ length: width }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const outcome = await runFile(next.file, next.timeoutMs);
        outcomes.push(outcome);
        onFile(outcome);
      }
    });
  };
  await Promise.all([...work('computes', availableParallelism()), ...work('waits', WAITING)]);
  return outcomes;
}
