import { startFaultScene } from '../test/instances/support/fault-scene.ts';
import { FAULTS, PAIRS } from '../test/instances/support/faults.ts';
import type { Bench, BenchResult } from './result.ts';

/** What is let pass, to be measured. */
const RIGHT_WITHIN_MS = 60_000;
const GOAL_S = 10;

/**
 * From the end of the last of two faults at the vendor's side until every reported state is right,
 * beside the same for one fault. A lost query ends the run.
 */
export const faultsBench: Bench = { name: 'faults', run };

async function run(): Promise<BenchResult[]> {
  const scene = await startFaultScene();
  try {
    const longestOf = async (cases: readonly (typeof FAULTS)[]) => {
      const seconds: number[] = [];
      for (const faults of cases) {
        seconds.push((await scene.endure(faults, RIGHT_WITHIN_MS)) / 1000);
      }
      return Math.max(...seconds);
    };
    const alone = await longestOf(FAULTS.map((fault) => [fault]));
    const paired = await longestOf(PAIRS);
    const { tunnelled, direct } = scene.slowest();
    return [
      {
        name: `two faults ended → every state is right, longest of ${PAIRS.length} pairs (baseline: one fault, longest of ${FAULTS.length})`,
        unit: 's',
        ours: paired,
        baseline: alone,
        ratio: paired / alone,
        goal: `≤ ${GOAL_S} s, both`,
        ok: Math.max(paired, alone) <= GOAL_S,
      },
      {
        name: '  the slowest query meanwhile, none lost (baseline: no tunnel)',
        unit: 'ms',
        ours: tunnelled,
        baseline: direct,
        ratio: tunnelled / direct,
        goal: 'none',
        ok: true,
      },
    ];
  } finally {
    await scene.end();
  }
}
