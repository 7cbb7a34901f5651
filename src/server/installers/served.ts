import { Problem } from '../../domain/problem.ts';
import type { Platform } from '../../render/index.ts';
import type { StoredInstaller } from '../../store/index.ts';
import type { Script } from './script.ts';

/** A bundle that reviewers have not let through. */
export interface Waiting {
  /** Digest of its tar. */
  bundle: string;
  installers: StoredInstaller[];
  /** Whether a reviewer refused or withdrew it: then nothing is to be done. */
  isStopped: boolean;
  /** Why, a line each. */
  reasons: string[];
}

/** What a slot serves at a time. */
export interface Served {
  /** Each installer, or why there is none for that platform. */
  scripts: Readonly<Record<Platform, Script | Problem>>;
  /** Digest of the bundle that holds them; undefined while nothing may be served. */
  bundle: string | undefined;
  /** The newest bundle, where it is not the one that is served. */
  waiting: Waiting | undefined;
  /** UTC milliseconds: when time alone may change all this. */
  until: number;
}

/** Why a slot whose reviewers have approved nothing yet serves nothing. */
export function nothingApproved(): Problem {
  return new Problem('artifact-waiting', 'no installer is approved by your reviewers now', {
    next: 'Ask your reviewers; the page of this tunnel says what waits for them.',
  });
}
