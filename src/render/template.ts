import Handlebars from 'handlebars';
import { Problem } from '../domain/problem.ts';
import { sha256 } from './digest.ts';
import { withLineEnds } from './line-ends.ts';
import { type Language, QUOTING } from './quoting/index.ts';
import { checkSyntax, type InputKinds } from './syntax-check.ts';

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
  /** SHA-256 of the body with line feeds alone at its line ends, 64 hex digits. */
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
  body: string,
): Template {
  const inputs = kindsOf(manifest);
  checkSyntax(source, inputs);

  const handlebars = Handlebars.create();
  const quote = QUOTING[manifest.language];
  handlebars.registerHelper('quote', (value: unknown) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new TypeError(`${manifest.name}: a value to print must be a string or a number`);
    }
    try {
      return quote(String(value));
    } catch (error) {
      throw new RangeError((error as Error).message, { cause: value });
    }
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
      return withLineEnds(manifest.language, compiled(values));
    } catch (error) {
      if (error instanceof RangeError) throw unquotable(values, error);
      throw error;
    }
  };
  const bytes = Buffer.from(withLineEnds(manifest.language, body));
  return { manifest, body: bytes, bodyDigest: sha256(body), render };
}

function kindsOf({ inputs }: TemplateManifest): InputKinds {
  return new Map(
    inputs.map((input) => (input.endsWith('[]') ? [input.slice(0, -2), 'list'] : [input, 'value'])),
  );
}

/** Every declared input is given, and nothing else: a conditional would take silence for "no". */
function checkValues({ name }: TemplateManifest, inputs: InputKinds, values: TemplateValues): void {
  for (const [input, kind] of inputs) {
    const value = Object.hasOwn(values, input) ? values[input] : undefined;
    if (value === undefined) throw new TypeError(`${name}: input ${input} is missing`);
    if (Array.isArray(value) !== (kind === 'list'))
      throw new TypeError(`${name}: input ${input} must be a ${kind}`);
  }
  for (const value of Object.keys(values)) {
    if (!inputs.has(value)) throw new TypeError(`${name}: input ${value} is not declared`);
  }
}

/** Finds the input whose value, the error's cause, the language refused. */
function unquotable(values: TemplateValues, error: RangeError): Problem {
  const holds = (value: TemplateValue) => [value].flat().includes(error.cause as string);
  const field = Object.keys(values).find((name) => holds(values[name] as TemplateValue));
  if (field === undefined) return new Problem('value-invalid', error.message);
  return new Problem('value-invalid', `${field}: ${error.message}`, {
    field,
    next: `Correct ${field} and try again.`,
  });
}
