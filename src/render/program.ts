import type { TemplateValue, TemplateValues } from './template-values.ts';

type Node = hbs.AST.Node;

/** What is declared of each input: one value, or a list of them. */
export type InputKinds = ReadonlyMap<string, 'value' | 'list'>;

/** What the statements of a template can reach. */
export interface Scope {
  inputs: InputKinds;
  /** Literals of what is the same in every rendering, by name. */
  constants: ReadonlyMap<string, string>;
  /** The literal of an input's value. */
  quote: (input: string, value: TemplateValue) => string;
}

/** A part of a template: gives its text for these values. */
export type Piece = (values: TemplateValues) => string;

/**
 * Walks a template's syntax tree once and gives each statement its meaning. What is allowed is a list:
 * text, comments, `{{quote input}}`, and the blocks if, unless and each over a declared input, which
 * mean what they do in Handlebars. All else is refused by a TypeError that says where it stands, so
 * nothing can bring a value past the quoting.
 */
export function compileProgram(program: hbs.AST.Program, scope: Scope): Piece {
  const pieces = program.body.map((statement) => compileStatement(statement, scope));
  return (values) => {
    let text = '';
    for (const piece of pieces) text += piece(values);
    return text;
  };
}

function compileStatement(statement: hbs.AST.Statement, scope: Scope): Piece {
  switch (statement.type) {
    case 'ContentStatement':
      return always((statement as hbs.AST.ContentStatement).value);
    case 'CommentStatement':
      return always('');
    case 'MustacheStatement':
      return compileMustache(statement as hbs.AST.MustacheStatement, scope);
    case 'BlockStatement':
      return compileBlock(statement as hbs.AST.BlockStatement, scope);
    default:
      return refuse(statement, `${statement.type} is not allowed`);
  }
}

function compileMustache(mustache: hbs.AST.MustacheStatement, scope: Scope): Piece {
  if (!mustache.escaped) refuse(mustache, 'use two braces, not three, and no ampersand');
  if (simpleName(mustache.path) !== 'quote')
    refuse(mustache, 'write every value as {{quote input}}');
  const name = argumentOf(mustache);
  const constant = scope.constants.get(name);
  if (constant !== undefined) return always(constant);
  checkKind(mustache, name, scope, ['value']);
  return (values) => scope.quote(name, values[name] as TemplateValue);
}

function compileBlock(block: hbs.AST.BlockStatement, scope: Scope): Piece {
  const kind = simpleName(block.path);
  if (block.openStrip.open === undefined) refuse(block, 'raw blocks are not allowed');
  if (!block.program) refuse(block, 'write unless, not ^if');
  if (block.program.blockParams?.length || block.inverse?.blockParams?.length)
    refuse(block, 'block parameters are not allowed');
  const name = argumentOf(block);
  const otherwise = block.inverse ? compileProgram(block.inverse, scope) : always('');
  switch (kind) {
    case 'if':
    case 'unless': {
      checkKind(block, name, scope, ['value', 'list']);
      const wanted = kind === 'if';
      const then = compileProgram(block.program, scope);
      return (values) => (isTruthy(values[name]) === wanted ? then : otherwise)(values);
    }
    case 'each': {
      checkKind(block, name, scope, ['list']);
      const each = compileProgram(block.program, scopeOfItem(name, scope));
      return (values) => {
        const items = values[name] as readonly TemplateValue[];
        return items.length === 0
          ? otherwise(values)
          : items.map((item) => each({ this: item })).join('');
      };
    }
    default:
      return refuse(block, 'only if, unless and each blocks');
  }
}

/** Inside each, the only value in reach is the item itself. */
function scopeOfItem(list: string, { quote }: Scope): Scope {
  return {
    inputs: new Map([['this', 'value']]),
    constants: new Map(),
    quote: (_, item) => quote(list, item),
  };
}

function always(text: string): Piece {
  return () => text;
}

function isTruthy(value: TemplateValue | undefined): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** The one plain name that a statement is about. */
function argumentOf(call: hbs.AST.MustacheStatement | hbs.AST.BlockStatement): string {
  if (call.hash) refuse(call, 'hash arguments are not allowed');
  const [argument] = call.params;
  if (call.params.length !== 1 || argument === undefined) refuse(call, 'takes exactly one input');
  return simpleName(argument) ?? refuse(call, 'takes a declared input by its plain name');
}

function checkKind(
  node: Node,
  name: string,
  { inputs }: Scope,
  kinds: readonly ('value' | 'list')[],
): void {
  const kind = inputs.get(name);
  if (kind === undefined) refuse(node, 'takes a declared input by its plain name');
  if (!kinds.includes(kind))
    refuse(node, `takes a ${kinds.join(' or ')}, and ${name} is a ${kind}`);
}

/** The name of a path of one plain segment: no `../`, `@data`, `a.b`, literal or subexpression. */
function simpleName(expression: hbs.AST.Expression): string | undefined {
  if (expression.type !== 'PathExpression') return undefined;
  const { data, depth, original, parts } = expression as hbs.AST.PathExpression;
  if (data || depth !== 0) return undefined;
  if (original === 'this') return 'this';
  return parts.length === 1 && parts[0] === original ? original : undefined;
}

function refuse(node: Node, why: string): never {
  const { line, column } = node.loc.start;
  throw new TypeError(`line ${line}, column ${column + 1}: ${why}`);
}
