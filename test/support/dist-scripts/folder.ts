import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Catalogue } from '../../../src/render/index.ts';
import { readme } from './readme.ts';
import type { Sample } from './sample.ts';

const FOLDER = join(import.meta.dirname, '../../../dist-scripts');
const VERSIONS = 'versions.json';

/** An installer's own word about its version counts, and not that of the list beside it. */
const STATED = {
  linux: { file: 'plain/install.sh', version: /^ *TEMPLATE_VERSION='(.+)'$/m },
  windows: { file: 'plain/install.ps1', version: /^ *\$TemplateVersion = '(.+)'\r?$/m },
};

/** Each template's version, by its name. */
export type Versions = Readonly<Record<string, string>>;

export function versionsOf(catalogue: Catalogue): Versions {
  const manifests = [...catalogue.values()].map(({ manifest }) => manifest);
  const sorted = manifests.sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(sorted.map(({ name, version }) => [name, version]));
}

/** Every file of dist-scripts as it should be: the samples, and what is said about them. */
export function folderFiles(samples: readonly Sample[], versions: Versions): Map<string, string> {
  return new Map([
    ...samples.map(({ path, text }) => [path, text] as const),
    ['README.md', readme()],
    [VERSIONS, `${JSON.stringify(versions, null, 2)}\n`],
  ]);
}

/** Every file of dist-scripts as it is. */
export function readFolder(): Map<string, string> {
  const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.sort().map((file) => [file.slice(FOLDER.length + 1), readFileSync(file, 'utf8')]),
  );
}

/** The versions that the files of dist-scripts state. Throws when they do not: nothing can be compared then. */
export function statedVersions(files: ReadonlyMap<string, string>): Versions {
  const installers = Object.entries(STATED).map(([template, { file, version }]) => {
    const stated = version.exec(files.get(file) ?? '')?.[1];
    return [template, stated ?? lacking(file)];
  });
  const others = JSON.parse(files.get(VERSIONS) ?? lacking(VERSIONS));
  return { ...others, ...Object.fromEntries(installers) };
}

/** Replaces all of dist-scripts. */
export function writeFolder(files: ReadonlyMap<string, string>): void {
  rmSync(FOLDER, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
    writeFileSync(join(FOLDER, path), text);
  }
}

function lacking(file: string): never {
  throw new Error(`dist-scripts/${file} states no version. Run git restore dist-scripts.`);
}
