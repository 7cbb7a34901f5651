import Handlebars from 'handlebars';
import { Problem } from '../domain/problem.ts';
import { sha256 } from './digest.ts';
import { withLineEnds } from './line-ends.ts';
import { compileProgram, type InputKinds } from './program.ts';
import { type Language, QUOTING } from './quoting/index.ts';
import type { TemplateValue, TemplateValues } from './template-values.ts';

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
  /** Values that never change: their names, and the templates without inputs whose texts they are. */
  constants?: Record<string, string>;
  /** Plain files that follow the rendered part, in order. */
  parts?: string[];
}

export interface Template {
  manifest: TemplateManifest;
  /** The plain parts, joined: what follows the rendered text, the same bytes in every file. */
  body: Buffer;
  /** SHA-256 of the body with line feeds alone at its line ends, 64 hex digits. */
  bodyDigest: string;
  /** Renders what comes before the body. Throws a problem that names the input at fault. */
  render(values: TemplateValues): string;
  /** A whole script: the rendered text and the body behind it. Throws as `render` does. */
  renderScript(values: TemplateValues): Buffer;
}

/**
 * Checks and compiles a template. Handlebars reads it; what its statements mean is `compileProgram`'s.
 * `constants` are texts by the names that the source prints them by. Throws a TypeError when the
 * source could print an unquoted value.
 */
export function compileTemplate(
  manifest: TemplateManifest,
  source: string,
  body: string,
  constants: Readonly<Record<string, string>> = {},
): Template {
  const { name, language } = manifest;
  const inputs = kindsOf(manifest);
  const literals = Object.entries(constants).map(
    ([constant, text]) => [constant, QUOTING[language](text)] as const,
  );
  const piece = compileProgram(Handlebars.parse(source), {
    inputs,
    constants: new Map(literals),
    quote: (input, value) => quoteInput(manifest, input, value),
  });

  const render = (values: TemplateValues): string => {
    checkValues(name, inputs, values);
    return withLineEnds(language, piece(values));
  };
  const bytes = Buffer.from(withLineEnds(language, body));
  const renderScript = (values: TemplateValues): Buffer => {
    const text = render(values);
    const length = Buffer.byteLength(text);
    const script = Buffer.allocUnsafe(length + bytes.length);
    script.write(text);
    bytes.copy(script, length);
    return script;
  };
  return { manifest, body: bytes, bodyDigest: sha256(body), render, renderScript };
}

/** The literal of a value. Throws a problem that names the input when the language refuses it. */
function quoteInput(
  { name, language }: TemplateManifest,
  input: string,
  value: TemplateValue,
): string {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new TypeError(`${name}: a value to print must be a string or a number`);
  }
  try {
    return QUOTING[language](String(value));
  } catch (error) {
    throw new Problem('value-invalid', `${input}: ${(error as Error).message}`, {
      field: input,
      next: `Correct ${input} and try again.`,
    });
  }
}

function kindsOf({ inputs }: TemplateManifest): InputKinds {
  return new Map(
    inputs.map((input) => (input.endsWith('[]') ? [input.slice(0, -2), 'list'] : [input, 'value'])),
  );
}

/** Every declared input is given, and nothing else: a conditional would take silence for "no". */
function checkValues(name: string, inputs: InputKinds, values: TemplateValues): void {
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
