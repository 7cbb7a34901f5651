import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import { joinParts } from './body.ts';
import { endScript } from './line-ends.ts';
import { isLanguage, type Language } from './quoting/index.ts';
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

/** The text of a template that takes no value. Throws as `templateOf` does. */
export function textOf(catalogue: Catalogue, name: string): string {
  return templateOf(catalogue, name).render({});
}

function loadTemplate(folder: string, name: string): Template {
  try {
    const manifest = checkManifest(JSON.parse(readText(folder, 'template.json')), name);
    const { language, output, inputs, parts } = manifest;
    const read = (file: string) => checkCharacters(language, file, readText(folder, file));
    const body = parts
      ? joinParts(
          language,
          parts.map((file) => ({ file, text: read(file) })),
        )
      : '';
    // What takes no value is a plain file, for editors and linters to read as what it is.
    const isPlain = inputs.length === 0 && !parts;
    const source = read(isPlain ? output : `${output}.hbs`);
    const constants = Object.entries(manifest.constants ?? {}).map(([input, template]) => {
      const text = loadTemplate(join(folder, '..', template), template).render({});
      return [input, text] as const;
    });
    return compileTemplate(
      manifest,
      parts ? source : endScript(language, source),
      body,
      Object.fromEntries(constants),
    );
  } catch (error) {
    throw new Error(`template ${name}: ${(error as Error).message}`, { cause: error });
  }
}

function readText(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

/** Windows PowerShell reads a script without a byte order mark in the host's own code page. */
function checkCharacters(language: Language, file: string, text: string): string {
  if (language === 'powershell' && !/^[\t\n\x20-\x7e]*$/.test(text)) {
    throw new TypeError(`${file}: holds something other than ASCII, or a line end of Windows`);
  }
  return text;
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
