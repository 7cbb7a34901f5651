import { Problem } from '../../domain/problem.ts';
import {
  type Artifact,
  type Catalogue,
  type InstallerInput,
  PLATFORMS,
  type Platform,
  renderInstaller,
} from '../../render/index.ts';
import type { StoredInstaller } from '../../store/index.ts';
import { type Script, scriptOf } from './script.ts';

/** What a slot's installers are as of now, whether or not they may be served. */
export interface Candidate {
  input: InstallerInput;
  scripts: Readonly<Record<Platform, Script | Problem>>;
  installers: StoredInstaller[];
}

/** Renders the installers of a slot. Throws when there is none for any platform. */
export function renderCandidate(catalogue: Catalogue, input: InstallerInput): Candidate {
  const rendered = PLATFORMS.map((platform) => [platform, render(catalogue, platform, input)]);
  const results = Object.fromEntries(rendered) as Record<Platform, Artifact | Problem>;
  const artifacts = Object.values(results).filter(
    (result): result is Artifact => !(result instanceof Problem),
  );
  if (artifacts.length === 0) throw results.linux;
  return {
    input,
    scripts: {
      linux: ready('linux', results.linux),
      windows: ready('windows', results.windows),
    },
    installers: artifacts.map(({ file, sha256, template }) => {
      return { file, sha256, version: template.version };
    }),
  };
}

function render(
  catalogue: Catalogue,
  platform: Platform,
  input: InstallerInput,
): Artifact | Problem {
  try {
    return renderInstaller(catalogue, platform, input);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function ready(platform: Platform, result: Artifact | Problem): Script | Problem {
  return result instanceof Problem ? result : scriptOf(platform, result);
}
