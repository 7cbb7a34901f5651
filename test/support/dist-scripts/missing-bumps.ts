import semver from 'semver';
import { BUMPS, type Bump, type Change, firstDifference, linesOf } from './change.ts';
import type { Versions } from './folder.ts';
import { installerChanges } from './installer-changes.ts';
import { partsOf, type Sample } from './sample.ts';

/** The samples that were committed: each file's text, and each template's version. */
export interface Before {
  versions: Versions;
  files: ReadonlyMap<string, string>;
}

/** The samples that the templates give now. */
export interface After {
  versions: Versions;
  samples: readonly Sample[];
}

/** A template whose version does not say what has changed. */
export interface MissingBump {
  template: string;
  was: string;
  is: string;
  /** The least version that would do. */
  next: string;
  /** What asks for it; none where the version fell and nothing changed. */
  reason?: Change & { path: string };
}

/**
 * The templates whose samples have changed, and whose version has not risen as far as that asks for.
 * An installer's changes are told apart (`installerChanges`); of any other template each is a patch.
 * A new version without a change is fine, a lower one is not.
 */
export function missingBumps(before: Before, after: After): MissingBump[] {
  return Object.entries(after.versions).flatMap(([template, is]) => {
    const was = before.versions[template];
    if (was === undefined) return [];
    const reason = greatestChange(template, before, after);
    const next = reason ? (semver.inc(was, reason.bump) ?? was) : was;
    return semver.lt(is, next) ? [{ template, was, is, next, ...(reason && { reason }) }] : [];
  });
}

/** What happened, and what to do about it. */
export function describeMissingBump({ template, was, is, next, reason }: MissingBump): string {
  const manifest = `templates/${template}/template.json`;
  if (!reason) return `${template}: ${is} is lower than ${was}. Write ${next} into ${manifest}.`;
  const { bump, what, path, line } = reason;
  const has = is === was ? '' : `; ${is} is not enough`;
  return [
    `${template} ${was} needs a ${bump} bump${has}: ${what}.`,
    `  First at dist-scripts/${path}, line ${line}.`,
    `  Write ${next} into ${manifest}, then run npm run dist-scripts.`,
  ].join('\n');
}

function greatestChange(template: string, { files }: Before, { samples }: After) {
  const changes = samples.flatMap((sample) => {
    const text = files.get(sample.path);
    if (text === undefined) return [];
    const old = partsOf({ template: sample.template, text });
    return partsOf(sample)
      .filter((part) => part.template === template)
      .flatMap((part) => {
        const was = old.find((each) => each.template === template)?.text ?? '';
        return changesOf(template, was, part.text).map((change) => ({
          ...change,
          path: sample.path,
          line: part.line - 1 + change.line,
        }));
      });
  });
  return BUMPS.toReversed()
    .map((bump: Bump) => changes.find((change) => change.bump === bump))
    .find((change) => change !== undefined);
}

function changesOf(template: string, before: string, after: string): Change[] {
  if (template === 'linux' || template === 'windows') return installerChanges(before, after);
  const line = firstDifference(linesOf(before), linesOf(after));
  return line === undefined ? [] : [{ bump: 'patch', line, what: 'its text differs' }];
}
