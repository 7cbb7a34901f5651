import type { FileOutcome, TestOutcome } from './run-file.ts';

const SLOWEST = 20;

/** One line for a file that has ended, and all that its failures said. */
export function reportFile({ file, milliseconds, tests, output }: FileOutcome): string {
  const failed = tests.filter(({ passed }) => !passed);
  const count = `${tests.length - failed.length} of ${tests.length}`;
  const line = `${failed.length === 0 ? 'ok  ' : 'FAIL'} ${seconds(milliseconds)}  ${file} (${count})\n`;
  if (failed.length === 0) return line;
  const reasons = failed.map(({ name, reason }) => `  FAILED ${name}\n${indent(reason)}\n`);
  return [line, ...reasons, ...(output && [`  It printed:\n${indent(output.trimEnd())}\n`])].join(
    '',
  );
}

/** The end of a run: the slowest tests, on which systems, what could not be run, what failed, and the count as the last line. */
export function reportRun(files: readonly FileOutcome[], milliseconds: number): string {
  const tests = files.flatMap((file) => file.tests);
  const failed = tests.filter(({ passed }) => !passed);
  const notRun = [...new Set(files.flatMap((file) => file.notRun))];
  const ranOn = [...new Set(files.flatMap((file) => file.ranOn))].sort();
  return [
    list(`The ${SLOWEST} slowest tests`, slowest(tests).map(slowLine)),
    list('Proxies ran on', ranOn),
    list('Not run here', notRun),
    list(
      'Failed',
      failed.map(({ file, name }) => `${file}: ${name}`),
    ),
    `\nTook ${seconds(milliseconds).trim()}.\n`,
    `${tests.length - failed.length} passed, ${failed.length} failed\n`,
  ].join('');
}

function slowest(tests: readonly TestOutcome[]): TestOutcome[] {
  return tests.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, SLOWEST);
}

function slowLine({ file, name, milliseconds }: TestOutcome): string {
  return `${seconds(milliseconds)}  ${file}: ${name}`;
}

function list(heading: string, lines: readonly string[]): string {
  return lines.length === 0
    ? ''
    : `\n${heading}:\n${lines.map((line) => `  ${oneLine(line)}\n`).join('')}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`.padStart(8);
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

/** Hostile values stand in tests' names: they must not break a line or reorder it. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
