import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bundleBench } from './bundle.ts';
import { faultsBench } from './faults.ts';
import { installerBench } from './installer.ts';
import { loginBench } from './login.ts';
import { describeMachine, formatPage } from './performance-page.ts';
import { renderBench } from './render.ts';
import type { Bench, BenchResult } from './result.ts';
import { revocationBench } from './revocation.ts';
import { keptRouteBench, scriptRouteBench } from './script-route.ts';
import { stormBench } from './storm.ts';
import { takeoverBench } from './takeover.ts';
import { throughputBench } from './throughput.ts';

/**
 * `npm run bench [-- --json] [-- --only NAME]`: ratios against a baseline of the same run. A run of
 * all of them writes docs/performance.md.
 */
const BENCHES: Bench[] = [
  renderBench,
  scriptRouteBench,
  keptRouteBench,
  bundleBench,
  loginBench,
  takeoverBench,
  revocationBench,
  stormBench,
  faultsBench,
  throughputBench,
  installerBench,
];

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const chosen = BENCHES.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  console.error(
    `error: there is no bench ${values.only}. There are: ${BENCHES.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const results: BenchResult[] = [];
for (const bench of chosen) {
  const found = await bench.run();
  if (values.json) for (const result of found) console.log(JSON.stringify(result));
  results.push(...found);
}
if (!values.json) printTable(results);
if (values.only === undefined) {
  const page = new URL('../docs/performance.md', import.meta.url);
  writeFileSync(page, formatPage(results, describeMachine()));
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

function printTable(rows: BenchResult[]): void {
  for (const { name, unit, ours, baseline, ratio, goal, ok } of rows) {
    console.log(name);
    console.log(
      `  ours ${ours.toFixed(2)} ${unit}   baseline ${baseline.toFixed(2)} ${unit}   ` +
        `ratio ${ratio.toFixed(2)}   goal ${goal}   ${ok ? 'ok' : 'MISSED'}`,
    );
  }
}
