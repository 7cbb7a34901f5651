import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PowerShellSource, readPowerShell } from './powershell-source.ts';

const TEMPLATES = join(import.meta.dirname, '../../templates');

/** A PowerShell file of the templates as read from its source. */
export interface PowerShellFile extends PowerShellSource {
  name: string;
}

/** The names of the parts of the Windows installer, C# too, in the order in which they are set in. */
export function windowsPartNames(): string[] {
  return JSON.parse(readFileSync(join(TEMPLATES, 'windows/template.json'), 'utf8')).parts;
}

/** Its parts that are PowerShell. */
export function windowsParts(): Promise<PowerShellFile[]> {
  const names = windowsPartNames().filter((name) => name.endsWith('.ps1'));
  return Promise.all(names.map((name) => powershellFile(`windows/${name}`)));
}

/** One PowerShell file below `templates`. */
export async function powershellFile(name: string): Promise<PowerShellFile> {
  return { name, ...(await readPowerShell(readFileSync(join(TEMPLATES, name), 'utf8'))) };
}

/** The exit codes by the names that speak.ps1 gives them. */
export function windowsExitCodes(): Map<string, number> {
  const text = readFileSync(join(TEMPLATES, 'windows/speak.ps1'), 'utf8');
  const table = /^\$Exit = @\{\n(.*?)^\}/ms.exec(text)?.[1] ?? '';
  return new Map(
    [...table.matchAll(/(\w+) = (\d)/g)].map(([, name = '', code]) => [name, Number(code)]),
  );
}

/** What stands for Windows' own folders. */
const FOLDERS: Record<string, string> = {
  ProgramFiles: '%ProgramFiles%',
  CommonApplicationData: '%ProgramData%',
  System: '%SystemRoot%\\System32',
};

/** The paths that Find-Path gives, by their names, with `<vendor>` and `<tunnel>` set in. */
export function windowsPaths(): Map<string, string> {
  const text = readFileSync(join(TEMPLATES, 'windows/host.ps1'), 'utf8');
  const body = /^function Find-Path \{\n(.*?)^\}/ms.exec(text)?.[1] ?? '';
  const names = new Map([
    ['Service', 'h_autossh'],
    ['VendorSlug', '<vendor>'],
    ['TunnelSlug', '<tunnel>'],
  ]);
  for (const [, name = '', value = ''] of body.matchAll(/^ +\$([\w.]+) = (.*)$/gm)) {
    names.set(name, pathOf(value, names));
  }
  return new Map([...names].filter(([name]) => name.startsWith('Paths.')));
}

/** An expression of the templates as the path that it gives; throws where it gives none. */
export function pathOf(expression: string, names: ReadonlyMap<string, string>): string {
  let path = expression
    .replaceAll(/\(Invoke-SysFolder (\w+)\)/g, (_, name) => FOLDERS[name] ?? name)
    .replaceAll(/(host|openssh)\.\$(?:\(.*?\)\)|digest)(?=")/g, '$1.<digest>')
    .replaceAll(/\$\(\$([\w.]+)\)|\$([\w.]+)/g, (whole, inner, plain) => {
      // A dot behind a variable may be part of the path.
      const name: string = inner ?? plain;
      const known = names.get(name);
      if (known !== undefined) return known;
      const [first = '', ...rest] = name.split('.');
      const value = names.get(first);
      return value === undefined ? whole : [value, ...rest].join('.');
    })
    .replaceAll(/["']/g, '');
  const join = /\(?Join-Path ([^\s()]+) ([^\s()]+)\)?/;
  while (join.test(path)) path = path.replace(join, '$1\\$2');
  if (!/^%\w+%(\\[\w.<>-]+)+$/.test(path)) throw new Error(`Which path is ${expression}? ${path}`);
  return path;
}
