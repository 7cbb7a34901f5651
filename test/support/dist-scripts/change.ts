/** What a new version has to say about a change, the least first. */
export const BUMPS = ['patch', 'minor', 'major'] as const;
export type Bump = (typeof BUMPS)[number];

/** One difference between a text that a template gave and the one that it gives now. */
export interface Change {
  bump: Bump;
  /** Where, from 1: a line of the new text, or of the old one for what is gone. */
  line: number;
  what: string;
}

/** A line of a text, and which one it is. */
export interface Line {
  number: number;
  text: string;
}

export function linesOf(text: string): Line[] {
  return text.split('\n').map((line, index) => ({ number: index + 1, text: line }));
}

/** The number of the first line that differs, also where one of the two ends before it. */
export function firstDifference(
  before: readonly Line[],
  after: readonly Line[],
): number | undefined {
  const length = Math.max(before.length, after.length);
  for (let index = 0; index < length; index += 1) {
    const [old, now] = [before[index], after[index]];
    if (old?.text !== now?.text) return (now ?? old)?.number;
  }
  return undefined;
}
