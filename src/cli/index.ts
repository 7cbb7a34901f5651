import { CommanderError } from 'commander';
import type { Boundary } from './boundary.ts';
import { EXIT } from './exit-code.ts';
import { printError } from './print.ts';
import { buildProgram } from './program.ts';

export type { Boundary } from './boundary.ts';

/** Runs one command to its end and gives the process's exit code. Never throws. */
export async function runCommandLine(
  words: readonly string[],
  boundary: Boundary,
): Promise<number> {
  try {
    await buildProgram(boundary).parseAsync(words, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // commander has already said what is wrong, or printed the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return printError(error);
  }
}
