import { basename } from 'node:path';
import { endScript } from './line-ends.ts';
import type { Language } from './quoting/index.ts';

/** A plain part of a template, as it lies in the template's folder. */
export interface Part {
  file: string;
  text: string;
}

/** How a literal of several lines begins, which setting in would change. */
const LONG_LITERAL: Partial<Record<Language, RegExp>> = {
  shell: /<<-?['"]?[A-Z]/,
  powershell: /(?<!['"\w])@['"][ \t]*$/m,
};

/**
 * Joins the parts inside the one block that the rendered part opened, each set in by one level, and
 * closes it. Throws a TypeError that names a part which would not mean the same there.
 */
export function joinParts(language: Language, parts: readonly Part[]): string {
  const content = parts.map((part) => setIn(language, part)).join('');
  return endScript(language, `${content}}\n`);
}

function setIn(language: Language, { file, text }: Part): string {
  if (file.endsWith('.cs')) return embed(file, text);
  if (LONG_LITERAL[language]?.test(text)) {
    throw new TypeError(`${file}: a here-document or here-string would not survive indenting`);
  }
  return text.replace(/^(?=.)/gm, '  ');
}

/** C# is compiled on the host. A here-string takes it as it is, up to a line that begins with '@. */
function embed(file: string, text: string): string {
  if (/^[ \t]*['\u2018-\u201b]@/m.test(text)) {
    throw new TypeError(`${file}: a line that begins with '@ would end its here-string`);
  }
  return `\n  $HostSources['${basename(file)}'] = @'\n${text.replace(/\n*$/, '\n')}'@\n`;
}
