import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * Validates by TypeBox itself: unlike Ajv it names an unknown field. Defaults are filled in; nothing
 * is converted in a JSON body, and of text (query, path, lines) only whole numbers are.
 */
export function validateByTypeBox(app: FastifyInstance): void {
  app.setValidatorCompiler(compiler(false));
}

/** For routes whose body may be lines, where every value is text. */
export function validateLines(app: FastifyInstance): void {
  app.setValidatorCompiler(compiler(true));
}

function compiler(bodyIsText: boolean): FastifySchemaCompiler<TSchema> {
  return ({ schema, httpPart }) => {
    const validator = Compile(schema);
    const isText = bodyIsText || httpPart !== 'body';
    return (given) => {
      const value = validator.Default(isText ? readNumbers(schema, given) : given);
      if (validator.Check(value)) return { value };
      // Fastify takes an array of errors as they come, though its type asks for one Error.
      return { error: validator.Errors(value) as unknown as Error };
    };
  };
}

/** Turns the text of each whole-number field into a number; everything else stays what it was. */
function readNumbers(schema: TSchema, given: unknown): unknown {
  if (given === null || typeof given !== 'object') return given;
  const properties: Record<string, { type?: string }> =
    (schema as { properties?: Record<string, { type?: string }> }).properties ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const isNumber = Object.hasOwn(properties, name) && properties[name]?.type === 'integer';
      return [name, isNumber && /^\d{1,15}$/.test(value) ? Number(value) : value];
    }),
  );
}
