import type { Node } from '@vscode/tree-sitter-wasm';
import { parsePowerShell } from './powershell-grammar.ts';

/** A command of a script, with the function that it stands in. */
export interface PowerShellCommand {
  name: string;
  function: string;
  /** What stands behind the name, without parameters. */
  words: Node[];
  /** The parameters that have a value, without their dash. */
  parameters: Map<string, Node>;
}

/** What a PowerShell file of the templates holds, as the tests need it. */
export interface PowerShellSource {
  text: string;
  commands: PowerShellCommand[];
  /** Variables that are set to plain text, outside of functions. */
  constants: Map<string, string>;
}

export async function readPowerShell(text: string): Promise<PowerShellSource> {
  const source: PowerShellSource = { text, commands: [], constants: new Map() };
  read(await parsePowerShell(text), '');
  return source;

  function read(node: Node, within: string): void {
    let inside = within;
    if (node.type === 'function_statement') {
      inside = child(node, 'function_name')?.text ?? '';
    } else if (node.type === 'command') {
      source.commands.push(readCommand(node, within));
    } else if (node.type === 'assignment_expression' && within === '') {
      const value = node.namedChildren.at(-1);
      if (value && isPlainText(value)) {
        source.constants.set(node.text.split(/\s/, 1)[0] ?? '', textOf(value, String));
      }
    }
    for (const inner of node.namedChildren) if (inner) read(inner, inside);
  }
}

function readCommand(node: Node, within: string): PowerShellCommand {
  const elements = (child(node, 'command_elements')?.namedChildren ?? []).filter(
    (element) => element !== null && element.type !== 'command_argument_sep',
  ) as Node[];
  const command: PowerShellCommand = {
    name: child(node, 'command_name')?.text ?? '',
    function: within,
    words: [],
    parameters: new Map(),
  };
  for (const [index, element] of elements.entries()) {
    const before = elements[index - 1];
    if (element.type === 'command_parameter') continue;
    if (before?.type === 'command_parameter') command.parameters.set(before.text.slice(1), element);
    else command.words.push(element);
  }
  return command;
}

function child(node: Node, type: string): Node | undefined {
  return node.namedChildren.find((candidate) => candidate?.type === type) ?? undefined;
}

function isPlainText(node: Node): boolean {
  const leaves = leavesOf(node);
  return leaves.length > 0 && leaves.every(({ type }) => type === 'verbatim_string_characters');
}

function leavesOf(node: Node): Node[] {
  if (node.namedChildren.length === 0) return [node];
  return node.namedChildren.flatMap((inner) => (inner ? leavesOf(inner) : []));
}

/** A word or value as text; `describe` says what stands for what only a run knows. */
export function textOf(node: Node, describe: (source: string) => string): string {
  const inner = node.namedChildren.filter((one) => one !== null);
  switch (node.type) {
    case 'generic_token':
      return node.text;
    case 'verbatim_string_characters':
      return node.text.slice(1, -1).replaceAll("''", "'");
    case 'expandable_string_literal':
      return expand(node, inner, describe);
    case 'additive_expression':
    case 'string_literal':
      if (inner.length > 1 && !node.text.includes('+')) break;
      return inner.map((one) => textOf(one, describe)).join('');
  }
  const [only] = inner;
  const isWrapper = inner.length === 1 && only && /^\(?\s*$/.test(before(node, only));
  if (isWrapper && only.type !== 'command' && !/^(variable|member)/.test(node.type)) {
    return textOf(only, describe);
  }
  return describe(node.text);
}

function before(outer: Node, inner: Node): string {
  return outer.text.slice(0, inner.startIndex - outer.startIndex);
}

function expand(node: Node, inner: readonly Node[], describe: (source: string) => string): string {
  const plain = (text: string) => text.replaceAll(/`(.)/gs, '$1').replaceAll('""', '"');
  let at = node.startIndex + 1;
  let text = '';
  for (const one of inner) {
    text += plain(node.text.slice(at - node.startIndex, one.startIndex - node.startIndex));
    text += describe(one.text);
    at = one.endIndex;
  }
  return text + plain(node.text.slice(at - node.startIndex, -1));
}
