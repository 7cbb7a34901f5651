/**
 * What kind of thing a line of an installer is. `version`: what states the template's version and the
 * digests, and changes with anything else. `values`: a setting. `files`: a setting that is a file to
 * be written. `code`: all else, wherever it stands. `text`: a line of something that is no installer.
 */
export const SECTIONS = ['version', 'values', 'files', 'code', 'text'] as const;
export type Section = (typeof SECTIONS)[number];

/** Where a line belongs: its section, and the setting that it is part of, or an empty string. */
export interface Place {
  section: Section;
  setting: string;
}

/** Not by `^` with the flag m, which would also take what follows a lone `\r` or U+2028 for a line. */
const BEGIN = /(?<![^\n]) *# ---- Settings: /;
const FILES = /^ *# The files, each as it will be written\.$/;
/** From here on an installer is the same for everyone; the first such line counts, as for `sed '1,/…/d'`. */
const END = /(?<![^\n]) *# ---- The same for everyone /;
const VERSION = /^(TEMPLATE_VERSION|BODY_SHA256|RENDER|TemplateVersion|BodySha256|Render)$/;

const SETTING = { shell: shellSetting(), powershell: powershellSetting() };

/**
 * The place of each line. A line of the settings block counts as a value only as part of a whole
 * `NAME=literal`, so nothing that could run passes for one. That is why the block is read here by
 * the grammar of its two languages, and not merely found by its first and last line.
 */
export function placesOf(text: string): Place[] {
  const lines = text.replaceAll('\r\n', '\n');
  const [begin, end] = [lines.search(BEGIN), lines.search(END)];
  if (begin === -1 || end < begin) return repeated(lines, 'text');
  return [
    ...repeated(lines.slice(0, begin), 'code'),
    ...placesOfSettings(lines.slice(begin, end)),
    ...repeated(lines.slice(end), 'code'),
  ];
}

function placesOfSettings(block: string): Place[] {
  const places: Place[] = [];
  let values: Section = 'values';
  for (let at = 0; at < block.length; ) {
    const match = settingAt(block, at);
    const part = match?.[0] ?? lineAt(block, at);
    if (FILES.test(part.trimEnd())) values = 'files';
    const setting = match?.groups?.['name'] ?? '';
    const section = VERSION.test(setting) ? 'version' : match ? values : 'code';
    places.push(...repeated(part, section, setting));
    at += part.length;
  }
  return places;
}

function settingAt(block: string, at: number): RegExpExecArray | undefined {
  for (const form of Object.values(SETTING)) {
    form.lastIndex = at;
    const match = form.exec(block);
    if (match) return match;
  }
  return undefined;
}

function lineAt(block: string, at: number): string {
  const end = block.indexOf('\n', at);
  return end === -1 ? block.slice(at) : block.slice(at, end + 1);
}

/** The same place for each line of a text. */
function repeated(text: string, section: Section, setting = ''): Place[] {
  const lines = text.split('\n').length - (text === '' || text.endsWith('\n') ? 1 : 0);
  return Array.from({ length: lines }, () => ({ section, setting }));
}

/** `NAME='…'` or `NAME=(` literals `)`, in the two forms of literal that we write. */
function shellSetting(): RegExp {
  const literal = String.raw`(?:\$'(?:[^'\\]|\\.)*'|'[^']*'(?:\\''[^']*')*)`;
  const list = String.raw`\(\n(?: *${literal}\n)* *\)`;
  return new RegExp(String.raw` *(?<name>[A-Z][A-Z0-9_]*)=(?:${literal}|${list})\n`, 'y');
}

/** `$Name = …`: a literal, rows that are joined, units that are joined, or a list of these. */
function powershellSetting(): RegExp {
  const literal = String.raw`'(?:[^'\n]|'')*'`;
  const rows = String.raw`\(@\(\n(?: *${literal}\n)* *\) -join "(?:${'`r'})?${'`n'}"\)`;
  const unit = String.raw`(?:${literal}|\[char\]0x[0-9a-f]{4})`;
  const units = String.raw`\(-join \(${unit}(?:, ${unit})*\)\)`;
  const value = `(?:${literal}|${rows}|${units})`;
  const list = String.raw`@\(\n(?: *${value}\n)* *\)`;
  return new RegExp(String.raw` *\$(?<name>[A-Z][A-Za-z0-9]*) = (?:${value}|${list})\n`, 'y');
}
