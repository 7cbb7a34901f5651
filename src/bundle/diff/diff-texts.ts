import { type StructuredPatchHunk, structuredPatch } from 'diff';
import { type Place, placesOf, SECTIONS, type Section } from './section.ts';

export interface DiffLine {
  /** `\` marks the remark that a file ends without a line feed. */
  sign: ' ' | '-' | '+' | '\\';
  text: string;
}

/** A run of lines of one section, with what changed among them and what stands around it. */
export interface Change {
  section: Section;
  /** The setting that it lies in; an empty string outside of any. */
  setting: string;
  /** Number of its first line in either text. */
  before: number;
  after: number;
  lines: DiffLine[];
}

/** What two texts do not have in common. */
export interface Diff {
  /** The sections that either text has, in the order of `SECTIONS`. */
  sections: Section[];
  /** Empty when the texts are the same, byte for byte. */
  changes: Change[];
  /** The same as the unified form has it. */
  hunks: StructuredPatchHunk[];
}

const CONTEXT = 3;
/**
 * How many lines removed and added a comparison looks for. Time grows with the square: this takes
 * seconds, and is more than two installers differ that have nothing in common.
 */
const MOST_EDITS = 8000;

/** Compares two texts line by line; undefined when they differ too much to be compared in a sensible time. */
export function diffTexts(before: string, after: string): Diff | undefined {
  const options = { context: CONTEXT, maxEditLength: MOST_EDITS };
  const patch = structuredPatch('', '', before, after, '', '', options);
  if (!patch) return undefined;
  const places = { before: placesOf(before), after: placesOf(after) };
  const present = new Set([...places.before, ...places.after].map(({ section }) => section));
  const lineEnd = [before, after].every(endsLinesWithCrlf) ? '\r' : '';
  return {
    sections: SECTIONS.filter((section) => present.has(section)),
    changes: patch.hunks.flatMap((hunk) => changesOf(hunk, places, lineEnd)),
    hunks: patch.hunks,
  };
}

/** Then a line's `\r` is no part of what it says. */
function endsLinesWithCrlf(text: string): boolean {
  return !/(?<!\r)\n/.test(text);
}

/** A hunk, cut where a line belongs to another place than the one before it; without the parts in which nothing changed. */
function changesOf(
  hunk: StructuredPatchHunk,
  places: { before: Place[]; after: Place[] },
  lineEnd: string,
): Change[] {
  const changes: Change[] = [];
  let [before, after] = [hunk.oldStart, hunk.newStart];
  for (const line of hunk.lines) {
    const sign = line[0] as DiffLine['sign'];
    const last = changes.at(-1);
    const place = sign === '-' ? places.before[before - 1] : places.after[after - 1];
    const { section, setting } = sign === '\\' || !place ? (last ?? NOWHERE) : place;
    const text = line.slice(1, line.endsWith(lineEnd) ? line.length - lineEnd.length : undefined);
    if (last?.section === section && last.setting === setting) last.lines.push({ sign, text });
    else changes.push({ section, setting, before, after, lines: [{ sign, text }] });
    if (sign === ' ' || sign === '-') before += 1;
    if (sign === ' ' || sign === '+') after += 1;
  }
  return changes.filter(({ lines }) => lines.some(({ sign }) => sign !== ' '));
}

/** Of a line beyond the end; there is none. */
const NOWHERE: Place = { section: 'text', setting: '' };
