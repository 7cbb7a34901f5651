import Handlebars from 'handlebars';
import { Problem } from '../domain/problem.ts';
import { sha256 } from './digest.ts';
import { type Language, QUOTING } from './quoting/index.ts';
import { checkSyntax } from './syntax-check.ts';

/** What the file `template.json` of a template says. */
export interface TemplateManifest {
  name: string;
  /** Semantic version of the template's bytes. */
  version: string;
  language: Language;
  /** Name of the rendered file. */
  output: string;
  /** The values that the template takes; `[]` behind a name marks a list. */
  inputs: string[];
  /** Plain files that follow the rendered part, in order. */
  parts?: string[];
}

export type TemplateValue = string | number | boolean | readonly (string | number)[];
export type TemplateValues = Readonly<Record<string, TemplateValue>>;

export interface Template {
  manifest: TemplateManifest;
  /** The plain parts, joined: what follows the rendered text, the same bytes in every file. */
  body: Buffer;
  /** SHA-256 of the body, 64 hex digits. */
  bodyDigest: string;
  /** Renders what comes before the body. Throws a problem that names the input at fault. */
  render(values: TemplateValues): string;
}

/**
 * Checks and compiles a template in a Handlebars of its own, in which `quote` is the only helper
 * that prints. Throws a TypeError when the source could print an unquoted value.
 */
export function compileTemplate(
  manifest: TemplateManifest,
  source: string,
  body: Buffer,
): Template {
  const inputs = new Set(manifest.inputs.map((input) => input.replace(/\[\]$/, '')));
  checkSyntax(source, inputs);

  const handlebars = Handlebars.create();
  const quote = QUOTING[manifest.language];
  handlebars.registerHelper('quote', (value: unknown) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new TypeError(`${manifest.name}: a value to print must be a string or a number`);
    }
    return quote(String(value));
  });
  const compiled = handlebars.compile(source, {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: { quote: true },
  });

  const render = (values: TemplateValues): string => {
    checkValues(manifest, inputs, values);
    try {
      return compiled(values);
    } catch (error) {
      if (error instanceof RangeError) throw unquotable(values, quote, error);
      throw error;
    }
  };
  return { manifest, body, bodyDigest: sha256(body), render };
}

/** Every declared input is given, and nothing else: a conditional would take silence for "no". */
function checkValues(
  { name }: TemplateManifest,
  inputs: ReadonlySet<string>,
  values: TemplateValues,
): void {
  for (const input of inputs) {
    if (values[input] === undefined) throw new TypeError(`${name}: input ${input} is missing`);
  }
  for (const value of Object.keys(values)) {
    if (!inputs.has(value)) throw new TypeError(`${name}: input ${value} is not declared`);
  }
}

/** Finds which input the language refused; only done once something has failed. */
function unquotable(
  values: TemplateValues,
  quote: (value: string) => string,
  error: RangeError,
): Problem {
  for (const [field, value] of Object.entries(values)) {
    for (const item of [value].flat()) {
      try {
        quote(String(item));
      } catch {
        return new Problem('value-invalid', `${field}: ${error.message}`, {
          field,
          next: `Correct ${field} and try again.`,
        });
      }
    }
  }
  return new Problem('value-invalid', error.message);
}
