import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');

/** A page of `docs` as tests read it. */
export interface Page {
  text: string;
  /** The blocks of code in a language. */
  blocks(language: string): string[];
  /** The text under a heading, up to the next heading of any level, without blocks of code. */
  section(heading: string): string;
  /** The rows of the table in a section, as their cells. */
  rows(heading: string): string[][];
  /** All that stands in backticks in the first column of that table. */
  firstCells(heading: string): string[];
}

export function readPage(name: string): Page {
  const text = readFileSync(join(DOCS, name), 'utf8');
  // What looks like a heading in a block is a comment.
  const prose = text.replaceAll(/^```\w+$.*?^```$/gms, '');
  const section = (heading: string) => {
    const found = prose.split(/^#+ /m).find((candidate) => candidate.startsWith(`${heading}\n`));
    assert.ok(found, `There is no heading ${heading}.`);
    return found;
  };
  const rows = (heading: string) => {
    const lines = section(heading).match(/^\|.*\|$/gm) ?? [];
    return lines.slice(2).map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  };
  return {
    text,
    blocks: (language) =>
      [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
        .filter(([, found]) => found === language)
        .map(([, , code = '']) => code),
    section,
    rows,
    firstCells: (heading) => rows(heading).flatMap(([cell = '']) => quoted(cell)),
  };
}

/** All that stands in backticks. */
export function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, inner = '']) => inner);
}

/** Each value once, in an order that does not depend on where it stands. */
export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}
