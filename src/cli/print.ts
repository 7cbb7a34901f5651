import { Problem } from '../domain/problem.ts';
import { EXIT, exitCode } from './exit-code.ts';

/** Writes a command's result to stdout: as JSON for programs, otherwise as `text` makes it for people. */
export function printResult<Result>(
  result: Result,
  { json }: { json?: true },
  text: (result: Result) => string,
): void {
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : text(result));
}

/** Says on stderr what happened while the command goes on. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Writes an error to stderr and gives the exit code. Only a fault of ours shows its stack. */
export function printError(error: unknown): number {
  if (error instanceof Problem) {
    say(`culvert: ${error.message}`);
    if (error.next !== undefined) say(`  ${error.next}`);
    return exitCode(error.code);
  }
  say(`culvert: ${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.failed;
}
