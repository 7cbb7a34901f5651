import type { Command } from 'commander';
import { buildProgram } from '../../../src/cli/program.ts';

export interface KnownCommand {
  /** Its words, such as `region create`. */
  path: string;
  /** Its form, such as `region create <slug>`. */
  usage: string;
  /** Whether it only holds other commands. */
  isGroup: boolean;
  /** Forms such as `--name <name>`; without `--help`. */
  options: string[];
}

/** Every command below `culvert`, groups too. */
export function allCommands(): KnownCommand[] {
  const program = buildProgram({ stopSignal: () => new AbortController().signal });
  return program.commands.flatMap((command) => known(command, ''));
}

function known(command: Command, above: string): KnownCommand[] {
  const path = `${above}${command.name()}`;
  const words = command.registeredArguments.map((argument) => ` <${argument.name()}>`);
  return [
    {
      path,
      usage: path + words.join(''),
      isGroup: command.commands.length > 0 && command.options.length === 0,
      options: command.options.map((option) => option.flags),
    },
    ...command.commands.flatMap((below) => known(below, `${path} `)),
  ];
}
