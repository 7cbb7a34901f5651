import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type { Language, Node, Parser } from '@vscode/tree-sitter-wasm';

const require = createRequire(import.meta.url);
const { Language: languages, Parser: Parsers } = require('@vscode/tree-sitter-wasm') as {
  Language: typeof Language;
  Parser: typeof Parser;
};
const GRAMMAR = '@vscode/tree-sitter-wasm/wasm/tree-sitter-powershell.wasm';

let ready: Promise<Parser> | undefined;

/**
 * What a grammar of PowerShell that is not Microsoft's own cannot read of a script, each by its
 * place. It runs everywhere; PowerShell's own parser has the last word where there is one.
 */
export async function syntaxErrors(script: string): Promise<string[]> {
  return errorsBelow(await parsePowerShell(script));
}

/** The syntax tree of a script, by that grammar. */
export async function parsePowerShell(script: string): Promise<Node> {
  ready ??= loadParser();
  const tree = (await ready).parse(script);
  if (!tree) throw new Error('the parser gave up');
  return tree.rootNode;
}

async function loadParser(): Promise<Parser> {
  // Else V8 spends seconds on making the grammar's largest function faster, also after the last test.
  setFlagsFromString('--liftoff-only');
  await Parsers.init();
  const parser = new Parsers();
  parser.setLanguage(await languages.load(require.resolve(GRAMMAR)));
  return parser;
}

function errorsBelow(node: Node): string[] {
  if (node.isError || node.isMissing) {
    const { row, column } = node.startPosition;
    const what = node.isMissing ? `no ${node.type}` : node.text.split('\n', 1)[0];
    return [`line ${row + 1}, column ${column + 1}: ${what}`];
  }
  if (!node.hasError) return [];
  return node.children.flatMap((child) => (child ? errorsBelow(child) : []));
}
