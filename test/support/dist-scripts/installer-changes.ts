import { placesOf, type Section } from '../../../src/bundle/diff/section.ts';
import { type Change, firstDifference, type Line, linesOf } from './change.ts';

/** The line that a sample of settings alone was cut off at, without which they are not found. */
const END = '  # ---- The same for everyone from here on\n';
const PLAN = /^plan$/i;
const EXIT_CODES = /^ *(?:readonly USAGE=.*|\$Exit = @\{[^}]*\})/m;
const HOST_SOURCE = /^ *\$HostSources\['(.+)'\] = @'\n((?:(?!'@).*\n)*)'@/gm;

interface Setting {
  section: Section;
  lines: Line[];
}

/**
 * What differs between two renderings of an installer for the same account, whole or settings alone.
 *
 * - `major`: it does something else to the host, or asks else of it. The plan says so, or a setting
 *   is gone, or an exit code means something else.
 * - `minor`: a file that it writes differs, also a source of the Windows service; or a setting is new.
 * - `patch`: anything else.
 *
 * Version and digests follow from the rest, so they count as no change.
 */
export function installerChanges(before: string, after: string): Change[] {
  const [old, now] = [read(before), read(after)];
  return [
    ...settingChanges(old.settings, now.settings),
    ...exitCodeChanges(old.text, now.text),
    ...hostChanges(old.text, now.text),
    ...at(firstDifference(old.lines, now.lines), 'patch', 'its text differs'),
  ];
}

/** The exit codes that a whole installer declares, by their names in lower case. */
export function exitCodes(script: string): Map<string, string> {
  const declared = EXIT_CODES.exec(script)?.[0] ?? '';
  return new Map(
    [...declared.matchAll(/(\w+) ?= ?(\d+)/g)].map(([, name = '', code = '']) => [
      name.toLowerCase(),
      code,
    ]),
  );
}

function read(script: string): { text: string; lines: Line[]; settings: Map<string, Setting> } {
  const plain = script.replaceAll('\r\n', '\n');
  const text = plain.includes(`\n${END.trimEnd()}`) ? plain : plain + END;
  const places = placesOf(text);
  const settings = new Map<string, Setting>();
  const lines: Line[] = [];
  for (const line of linesOf(text)) {
    const { section, setting } = places[line.number - 1] ?? { section: 'text', setting: '' };
    if (section !== 'version') lines.push(line);
    if (setting === '') continue;
    const known = settings.get(setting) ?? { section, lines: [] };
    known.lines.push(line);
    settings.set(setting, known);
  }
  return { text, lines, settings };
}

function settingChanges(before: Map<string, Setting>, after: Map<string, Setting>): Change[] {
  const gone = [...before].filter(([name]) => !after.has(name));
  const added = [...after].filter(([name]) => !before.has(name));
  return [
    ...gone.flatMap(([name, { lines }]) =>
      at(lines[0]?.number, 'major', `the setting ${name} is gone`),
    ),
    ...added.flatMap(([name, { lines }]) =>
      at(lines[0]?.number, 'minor', `the setting ${name} is new`),
    ),
    ...[...after]
      .filter(([, { section }]) => section === 'files')
      .flatMap(([name, { lines }]) => {
        const line = firstDifference(before.get(name)?.lines ?? lines, lines);
        if (PLAN.test(name)) return at(line, 'major', 'what it changes on a host differs');
        return at(line, 'minor', `${name}, a file that it writes, differs`);
      }),
  ];
}

function exitCodeChanges(before: string, after: string): Change[] {
  const now = exitCodes(after);
  const other = [...exitCodes(before)].find(([name, code]) => now.get(name) !== code);
  if (!other) return [];
  const declared = EXIT_CODES.exec(after) ?? EXIT_CODES.exec(before);
  const line = (declared?.input ?? '').slice(0, declared?.index).split('\n').length;
  return at(line, 'major', `the exit code ${other[1]}, ${other[0]}, means something else`);
}

function hostChanges(before: string, after: string): Change[] {
  const [old, now] = [hostSources(before), hostSources(after)];
  const file = [...new Set([...old.keys(), ...now.keys()])].find(
    (name) => firstDifference(old.get(name) ?? [], now.get(name) ?? []) !== undefined,
  );
  if (file === undefined) return [];
  const line = firstDifference(old.get(file) ?? [], now.get(file) ?? []);
  return at(line, 'minor', `the service host differs in ${file}`);
}

/** The C# files of an installer for Windows, by their names. */
function hostSources(text: string): Map<string, Line[]> {
  return new Map(
    [...text.matchAll(HOST_SOURCE)].map((match) => {
      const first = text.slice(0, match.index).split('\n').length + 1;
      const lines = linesOf(match[2] ?? '');
      const placed = lines.map((line) => ({ ...line, number: first + line.number - 1 }));
      return [match[1] ?? '', placed];
    }),
  );
}

function at(line: number | undefined, bump: Change['bump'], what: string): Change[] {
  return line === undefined ? [] : [{ bump, line, what }];
}
