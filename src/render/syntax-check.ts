import Handlebars from 'handlebars';

type Node = hbs.AST.Node;

const BLOCKS = ['if', 'unless', 'each'];

/** What is declared of each input: one value, or a list of them. */
export type InputKinds = ReadonlyMap<string, 'value' | 'list'>;

/**
 * Walks a template's syntax tree and throws a TypeError at the first thing that could bring a value
 * past the quoting helper. What is allowed is a list: text, comments, `{{quote input}}`, and the
 * blocks if, unless and each over a declared input. Everything else of Handlebars is refused.
 */
export function checkSyntax(source: string, inputs: InputKinds): void {
  checkProgram(Handlebars.parse(source), inputs);
}

function checkProgram(program: hbs.AST.Program, inputs: InputKinds): void {
  for (const statement of program.body) checkStatement(statement, inputs);
}

function checkStatement(statement: hbs.AST.Statement, inputs: InputKinds): void {
  switch (statement.type) {
    case 'ContentStatement':
    case 'CommentStatement':
      return;
    case 'MustacheStatement':
      checkMustache(statement as hbs.AST.MustacheStatement, inputs);
      return;
    case 'BlockStatement':
      checkBlock(statement as hbs.AST.BlockStatement, inputs);
      return;
    default:
      refuse(statement, `${statement.type} is not allowed`);
  }
}

function checkMustache(mustache: hbs.AST.MustacheStatement, inputs: InputKinds): void {
  if (!mustache.escaped) refuse(mustache, 'use two braces, not three, and no ampersand');
  if (simpleName(mustache.path) !== 'quote')
    refuse(mustache, 'write every value as {{quote input}}');
  checkArgument(mustache, inputs, ['value']);
}

function checkBlock(block: hbs.AST.BlockStatement, inputs: InputKinds): void {
  const name = simpleName(block.path);
  if (name === undefined || !BLOCKS.includes(name))
    refuse(block, `only ${BLOCKS.join(', ')} blocks`);
  if (block.openStrip.open === undefined) refuse(block, 'raw blocks are not allowed');
  if (!block.program) refuse(block, 'write unless, not ^if');
  checkArgument(block, inputs, name === 'each' ? ['list'] : ['value', 'list']);
  if (block.program.blockParams?.length || block.inverse?.blockParams?.length)
    refuse(block, 'block parameters can shadow the quoting helper');
  // Inside each, the only value in reach is the item itself.
  checkProgram(block.program, name === 'each' ? new Map([['this', 'value']]) : inputs);
  if (block.inverse) checkProgram(block.inverse, inputs);
}

function checkArgument(
  call: hbs.AST.MustacheStatement | hbs.AST.BlockStatement,
  inputs: InputKinds,
  kinds: readonly ('value' | 'list')[],
): void {
  if (call.hash) refuse(call, 'hash arguments are not allowed');
  const [argument] = call.params;
  if (call.params.length !== 1 || argument === undefined) refuse(call, 'takes exactly one input');
  const name = simpleName(argument);
  const kind = name === undefined ? undefined : inputs.get(name);
  if (kind === undefined) refuse(call, 'takes a declared input by its plain name');
  if (!kinds.includes(kind))
    refuse(call, `takes a ${kinds.join(' or ')}, and ${name} is a ${kind}`);
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
