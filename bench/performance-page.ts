import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { BenchResult } from './result.ts';

/** docs/performance.md: what a run of every benchmark gave, and on what. */
export function formatPage(results: readonly BenchResult[], machine: readonly string[]): string {
  const rows = results.map(
    ({ name, unit, ours, baseline, ratio, goal, ok }) =>
      `| ${name.trim().replaceAll('|', '\\|')} | ${figure(ours)} ${unit} | ${figure(baseline)} ${unit} | ${ratio.toFixed(2)} | ${goal} | ${ok ? 'ok' : 'MISSED'} |`,
  );
  return `# Performance

Written by \`npm run bench\`, which measures each figure beside a baseline of the same run, in turns, and
takes the median. The ratio is what counts: the figures themselves are of one machine and one day, and other
work on that machine moves them.

${machine.map((line) => `- ${line}\n`).join('')}
| what | ours | baseline | ratio | goal | |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** What it was measured on. */
export function describeMachine(): string[] {
  const [first] = cpus();
  const ssh = execFileSync('bash', ['-c', 'ssh -V 2>&1'], { encoding: 'utf8' }).trim();
  const release = readFileSync('/etc/os-release', 'utf8');
  const system = /^PRETTY_NAME="(.*)"$/m.exec(release)?.[1] ?? 'Linux';
  return [
    `${cpus().length} cores (${first?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system,
    `Node ${process.version}`,
    ssh,
  ];
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
