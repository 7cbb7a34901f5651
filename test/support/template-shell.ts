import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, readCommands, readUsages, type Word } from './shell-source.ts';

const TEMPLATES = join(import.meta.dirname, '../../templates');

/** A shell file of the templates as read from its source. */
export interface ShellFile {
  name: string;
  text: string;
  commands: Command[];
  /** The names of each function's parameters, where a comment gives them. */
  usages: Map<string, string[]>;
}

/** The parts of the Linux installer, in the order in which they are set in. */
export function installerParts(): ShellFile[] {
  const { parts } = JSON.parse(readFileSync(join(TEMPLATES, 'linux/template.json'), 'utf8'));
  return parts.map((part: string) => shellFile(`linux/${part}`));
}

/** One shell file below `templates`. */
export function shellFile(name: string): ShellFile {
  const text = readFileSync(join(TEMPLATES, name), 'utf8');
  return { name, text, commands: readCommands(text), usages: readUsages(text) };
}

/** The exit codes by the names that speak.sh gives them. */
export function exitCodes(): Map<string, number> {
  const { text } = shellFile('linux/speak.sh');
  const line = /^readonly (USAGE=.*)$/m.exec(text)?.[1] ?? '';
  return new Map(
    line.split(' ').map((pair) => {
      const [name = '', code] = pair.split('=');
      return [name, Number(code)];
    }),
  );
}

/** The names of paths that the installer gives, with `h_autossh`, `<tunnel>` and `<vendor>` set in. */
export function pathNames(): Map<string, string> {
  const names = new Map([
    ['SERVICE', 'h_autossh'],
    ['INSTANCE', '<tunnel>'],
    ['VENDOR', '<vendor>'],
  ]);
  const given = [...shellFile('linux/host.sh').commands, ...shellFile('linux/run.sh').commands];
  for (const command of given) {
    if (!['name_paths', 'name_run_folder'].includes(command.function)) continue;
    const [, name, value] = /^([A-Z_]+)=(.+)$/s.exec(command.words[0]?.source ?? '') ?? [];
    if (name === undefined || value === undefined || names.has(name)) continue;
    names.set(
      name,
      value.replace(/^\$\(.*\)/, '~').replace(/\$([A-Z_]+)/g, (_, inner) => {
        const known = names.get(inner);
        if (known === undefined)
          throw new Error(`${name} is made of ${inner}, which is not known.`);
        return known;
      }),
    );
  }
  return names;
}

/** What a command does, without words that only say how: its own words are then the first ones. */
export function withoutWrappers(words: Word[]): string[] {
  let rest = words.map(({ source }) => source);
  for (;;) {
    const [first = ''] = rest;
    if (/^\w+(\[[^\]]*\])?\+?=/.test(first)) rest = rest.slice(1);
    else if (['run', 'patiently', 'without_dialogs', 'exec', 'setsid', 'builtin'].includes(first)) {
      rest = rest.slice(1);
    } else if (first === 'timeout') rest = rest.slice(rest[1] === '-k' ? 4 : 2);
    else return rest;
  }
}
