import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandOptions, type CommandResult, runCommand } from './bed/command.ts';

/** The PowerShell of this machine. */
export interface PowerShell {
  /** Its path or name. */
  program: string;
  /** Such as 7.6.0. */
  version: string;
  /** Runs a script file, as `powershell -File FILE WORD...` does. */
  runFile(
    file: string,
    words?: readonly string[],
    options?: CommandOptions,
  ): Promise<CommandResult>;
  /** Runs what could be typed, as `powershell -Command TEXT` does. */
  runCommand(text: string, options?: CommandOptions): Promise<CommandResult>;
  /** Runs a script of any length from a file of its own, that is removed afterwards. */
  runText(text: string, options?: CommandOptions): Promise<CommandResult>;
}

/** Says by `t.diagnostic` what only PowerShell can check, where there is none. */
export const NO_POWERSHELL = 'PowerShell: put pwsh on the path, or name it by CULVERT_PWSH';

let found: Promise<PowerShell | undefined> | undefined;

/** PowerShell as CULVERT_PWSH names it, or pwsh on the path; undefined where that does not start. */
export function findPowerShell(): Promise<PowerShell | undefined> {
  found ??= start(process.env['CULVERT_PWSH'] || 'pwsh');
  return found;
}

async function start(program: string): Promise<PowerShell | undefined> {
  const run = (words: readonly string[], options: CommandOptions = {}) =>
    runCommand([program, '-NoProfile', '-NonInteractive', ...words], {
      ...options,
      env: { ...process.env, NO_COLOR: '1', POWERSHELL_TELEMETRY_OPTOUT: '1', ...options.env },
    });
  const runFile: PowerShell['runFile'] = (file, words = [], options) =>
    run(['-File', file, ...words], options);
  const answer = await run(['-Command', '"$($PSVersionTable.PSVersion)"']).catch(() => undefined);
  if (answer?.code !== 0) return undefined;
  return {
    program,
    version: answer.stdout.trim(),
    runFile,
    runCommand: (text, options) => run(['-Command', text], options),
    runText: async (text, options) => {
      const folder = await mkdtemp(join(tmpdir(), 'culvert-powershell-'));
      try {
        const file = join(folder, 'script.ps1');
        await writeFile(file, text);
        return await runFile(file, [], options);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  };
}
