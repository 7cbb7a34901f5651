import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import { isLanguage } from './quoting/index.ts';
import { compileTemplate, type Template, type TemplateManifest } from './template.ts';

/** Every template, compiled and checked. */
export type Catalogue = ReadonlyMap<string, Template>;

/** Beside `src` in a checkout and beside `dist` in the published package. */
const TEMPLATES = join(import.meta.dirname, '../../templates');

/**
 * Loads, checks and compiles every template of a folder, once, at start. Throws an error that names
 * the template and the line when one could print an unquoted value: then no process may start.
 */
export function loadCatalogue(folder = TEMPLATES): Catalogue {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  return new Map(names.map((name) => [name, loadTemplate(join(folder, name), name)]));
}

/** A template that must be there. Throws when the catalogue lacks it. */
export function templateOf(catalogue: Catalogue, name: string): Template {
  const template = catalogue.get(name);
  if (!template) throw new Error(`there is no template ${name}`);
  return template;
}

function loadTemplate(folder: string, name: string): Template {
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  try {
    const manifest = checkManifest(JSON.parse(read('template.json')), name);
    const body = Buffer.from(manifest.parts ? closeBlock(manifest.parts.map(read).join('')) : '');
    // What takes no value is a plain file, for editors and linters to read as what it is.
    const isPlain = manifest.inputs.length === 0 && !manifest.parts;
    const source = read(isPlain ? manifest.output : `${manifest.output}.hbs`);
    return compileTemplate(manifest, source, body);
  } catch (error) {
    throw new Error(`template ${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** Parts stand inside the one block that the rendered part opened: set in by one level, and closed. */
function closeBlock(parts: string): string {
  if (/<<-?['"]?[A-Z]/.test(parts))
    throw new TypeError('a here-document would not survive indenting');
  return `${parts.replace(/^(?=.)/gm, '  ')}}\n`;
}

function checkManifest(manifest: TemplateManifest, name: string): TemplateManifest {
  if (manifest.name !== name) throw new TypeError(`template.json: name must be ${name}`);
  if (!semver.valid(manifest.version))
    throw new TypeError('template.json: version is not semantic');
  if (!isLanguage(manifest.language)) {
    throw new TypeError(`template.json: no quoting for ${manifest.language}`);
  }
  return manifest;
}
