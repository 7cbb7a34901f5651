import type { Command } from 'commander';

/** Ends a command's help with commands to copy. */
export function addExamples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  );
}
