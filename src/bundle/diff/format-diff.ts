import { FILE_HEADERS_ONLY, formatPatch } from 'diff';
import type { Change, Diff } from './diff-texts.ts';
import type { Section } from './section.ts';
import { visible } from './visible.ts';

/** What the two texts are called. */
export interface DiffNames {
  before: string;
  after: string;
}

/** What a section is for people. */
export const SECTION_TITLES: Record<Section, string> = {
  version: 'version and digests',
  values: 'values',
  files: 'files that it writes',
  code: 'code',
  text: 'text',
};

/** The unified form, as diff -u gives it and patch takes it: the very bytes. Empty for equal texts. */
export function unifiedDiff({ hunks }: Diff, { before, after }: DiffNames): string {
  if (hunks.length === 0) return '';
  const patch = { oldFileName: before, newFileName: after, oldHeader: '', newHeader: '', hunks };
  return formatPatch(patch, FILE_HEADERS_ONLY);
}

/** Section by section: first what changed at all, then the lines. */
export function readableDiff(diff: Diff): string {
  if (diff.changes.length === 0) return 'They are the same, byte for byte.\n';
  const { sections } = diff;
  const summary = sections.map((section) => `${summaryOf(diff, section)}\n`).join('');
  const parts = sections.flatMap((section) => {
    const changes = changesIn(diff, section);
    return changes.length === 0 ? [] : [`\n== ${SECTION_TITLES[section]}\n`, ...changes.map(text)];
  });
  return summary + parts.join('');
}

/** Such as `code: 3 lines added, 1 removed`, or `values: none`. */
export function summaryOf(diff: Diff, section: Section): string {
  const signs = changesIn(diff, section).flatMap(({ lines }) => lines.map(({ sign }) => sign));
  const [added, removed] = ['+', '-'].map((sign) => signs.filter((each) => each === sign).length);
  const counts = [...counted(added, 'added'), ...counted(removed, 'removed')];
  return `${SECTION_TITLES[section]}: ${counts.join(', ') || 'none'}`;
}

export function changesIn({ changes }: Diff, section: Section): Change[] {
  return changes.filter((change) => change.section === section);
}

/** Where a change stands. */
export function titleOf({ setting, before, after }: Change): string {
  const lines = `line ${before}, now ${after}`;
  return setting === '' ? lines : `${setting}, ${lines}`;
}

function text(change: Change): string {
  const lines = change.lines.map(({ sign, text }) => `${sign}${visible(text)}\n`).join('');
  return `@@ ${titleOf(change)} @@\n${lines}`;
}

function counted(count = 0, what: string): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? 'line' : 'lines'} ${what}`];
}
