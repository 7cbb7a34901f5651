import { fileURLToPath } from 'node:url';
import { type CommandResult, runCommand } from '../../support/bed/command.ts';

/** The command line's entry. */
export const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** This process's environment without any setting of Culvert, and with these. */
export function environment(settings: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CULVERT_'));
  return { ...Object.fromEntries(own), ...settings };
}

/** Runs one command in a process of its own, to its end. */
export function culvert(
  words: readonly string[],
  settings: Record<string, string> = {},
  input?: string,
): Promise<CommandResult> {
  return runCommand([process.execPath, MAIN, ...words], {
    env: environment(settings),
    timeoutMs: 30_000,
    ...(input !== undefined && { input }),
  });
}

/** The same for a command that has to succeed and prints JSON. */
export async function culvertJson<Answer>(
  words: readonly string[],
  settings: Record<string, string> = {},
): Promise<Answer> {
  const { code, stdout, stderr } = await culvert([...words, '--json'], settings);
  if (code !== 0) throw new Error(`culvert ${words.join(' ')}: exit ${code}\n${stderr}`);
  return JSON.parse(stdout);
}
