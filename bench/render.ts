import {
  checkInstallerInput,
  loadCatalogue,
  renderInstaller,
  renderScript,
} from '../src/render/index.ts';
import { SAMPLE } from '../test/support/sample-input.ts';
import { type Bench, type BenchResult, median } from './result.ts';

const ROUNDS = 7;
const RUNS = 2000;
const GOAL_MICROSECONDS = 50;

/** Rendering an installer to a Buffer, beside what encoding the finished text alone costs. */
export const renderBench: Bench = { name: 'render', run };

async function run(): Promise<BenchResult[]> {
  const catalogue = loadCatalogue();
  const input = checkInstallerInput(SAMPLE);
  const { bytes, render } = renderInstaller(catalogue, 'linux', input);
  const text = bytes.toString();

  const ours: number[] = [];
  const baselines: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const rendered = middleTime(() => renderScript(catalogue, 'linux', input, render));
    const encoded = middleTime(() => Buffer.from(text));
    if (round === 0) continue; // the compiler's warm-up
    ours.push(rendered);
    baselines.push(encoded);
  }
  const [mine, baseline] = [median(ours), median(baselines)];
  return [
    {
      name: 'render install.sh to a Buffer, p50 (baseline: Buffer.from of the finished text)',
      unit: 'µs',
      ours: mine,
      baseline,
      ratio: mine / baseline,
      goal: `< ${GOAL_MICROSECONDS} µs`,
      ok: mine < GOAL_MICROSECONDS,
    },
  ];
}

/** The middle of many runs, in microseconds. */
function middleTime(work: () => unknown): number {
  const times: number[] = [];
  for (let index = 0; index < RUNS; index += 1) {
    const started = process.hrtime.bigint();
    work();
    times.push(Number(process.hrtime.bigint() - started) / 1000);
  }
  return median(times);
}
