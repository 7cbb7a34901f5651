/** What a word is made of: text as it stands, or what bash puts in its place, `$NAME` or `$(…)`. */
export type Piece = { text: string } | { expansion: string };

/** A word of a command; `source` is how it is written. */
export interface Word {
  source: string;
  pieces: Piece[];
}

/** A simple command, with the function and the branch of a `case` that it stands in. */
export interface Command {
  words: Word[];
  function: string;
  pattern: string;
}

const BEFORE_A_COMMAND = new Set('if then elif else while until do ! {'.split(' '));
const ENDS = new Set('} fi done esac'.split(' '));

/**
 * The commands of a shell source in their order, those in `$( )` and `<( )` too. It knows as much of
 * the shell as the templates use: no here-documents, no functions in functions.
 */
export function readCommands(source: string): Command[] {
  const commands: Command[] = [];
  let at = 0;
  let depth = 0;
  let functionName = '';
  let functionDepth = 0;

  readUntil('');
  return commands;

  /** Reads commands up to an unmatched `end`, and past it. */
  function readUntil(end: '' | ')'): void {
    let words: Word[] = [];
    // One for each open `case`: its branch, or undefined where a pattern comes next.
    const cases: (string | undefined)[] = [];
    while (at < source.length) {
      if (cases.length > 0 && cases.at(-1) === undefined && words.length === 0) {
        if (readPattern(cases)) continue;
      }
      const char = source[at] ?? '';
      if (char === ' ' || char === '\t') at += 1;
      else if (source.startsWith('\\\n', at)) at += 2;
      else if (char === '#') skipLine();
      else if (char === '\n' || char === ';' || char === '&' || char === '|') {
        finish();
        if (source.startsWith(';;', at)) {
          at += 2;
          cases[cases.length - 1] = undefined;
        } else at += 1;
      } else if (char === '<' || char === '>') readRedirection();
      else if (char === '(') readParenthesis();
      else if (char === ')') {
        finish();
        at += 1;
        if (end === ')') return;
      } else takeWord(readWord());
    }
    finish();

    function takeWord(word: Word): void {
      const { source: text } = word;
      if (/^\d+$/.test(text) && /[<>]/.test(source[at] ?? '')) return;
      if (words.length > 0) {
        words.push(word);
        if (text === 'in' && words[0]?.source === 'case' && words.length === 3) {
          finish();
          cases.push(undefined);
        }
      } else if (text === '[[') readTest();
      else if (text === '{') depth += 1;
      else if (text === '}') leaveBrace();
      else if (text === 'esac') cases.pop();
      else if (!BEFORE_A_COMMAND.has(text) && !ENDS.has(text)) words.push(word);
    }

    function readParenthesis(): void {
      const before = words.at(-1)?.source ?? '';
      if (source.startsWith('()', at) && words.length === 1 && /^\w+$/.test(before)) {
        at += 2;
        functionName = before;
        functionDepth = depth;
        words = [];
      } else if (source.startsWith('((', at)) {
        readArithmetic();
      } else if (/^\w+\+?=$/.test(before) && /=/.test(source[at - 1] ?? '')) {
        at += 1;
        readList();
      } else {
        finish();
        at += 1;
        readUntil(')');
      }
    }

    function finish(): void {
      const pattern = cases.findLast((branch) => branch !== undefined) ?? '';
      if (words.length > 0) commands.push({ words, function: functionName, pattern });
      words = [];
    }
  }

  /** The pattern of a branch; false where `esac` stands instead. */
  function readPattern(cases: (string | undefined)[]): boolean {
    at += /^(?:\s|#.*)*/.exec(source.slice(at))?.[0].length ?? 0;
    if (/^esac\b/.test(source.slice(at))) {
      cases[cases.length - 1] = '';
      return false;
    }
    const start = at;
    while (source[at] !== ')') at = quotationEnd(at);
    cases[cases.length - 1] = source.slice(start, at);
    at += 1;
    return true;
  }

  function leaveBrace(): void {
    depth -= 1;
    if (depth === functionDepth) functionName = '';
  }

  function readTest(): void {
    while (!/^\s*\]\](?=[\s;)])/.test(source.slice(at, at + 40))) {
      while (/\s/.test(source[at] ?? '')) at += 1;
      readWord('\\s');
    }
    at = source.indexOf(']]', at) + 2;
  }

  function readList(): void {
    while (source[at] !== ')') {
      if (/\s/.test(source[at] ?? '')) at += 1;
      else if (source[at] === '#') skipLine();
      else readWord();
    }
    at += 1;
  }

  function readRedirection(): void {
    if (/^[<>]\(/.test(source.slice(at, at + 2))) {
      at += 2;
      readUntil(')');
      return;
    }
    at += /^(?:<<<|<>|>>|[<>]&?)\s*/.exec(source.slice(at))?.[0].length ?? 1;
    if (!source.startsWith('<(', at)) readWord();
  }

  /** A word, up to what `stop`, a class of characters, says. */
  function readWord(stop = '\\s;&|<>()'): Word {
    const start = at;
    const pieces: Piece[] = [];
    const ends = new RegExp(`[${stop}]`);
    while (at < source.length && !ends.test(source[at] ?? '')) readPiece(pieces, false);
    // Nothing that the shell would take as a word stands here: go on, rather than for ever.
    if (at === start) at += 1;
    return { source: source.slice(start, at), pieces };
  }

  function readPiece(pieces: Piece[], isQuoted: boolean): void {
    const start = at;
    const char = source[at];
    if (char === undefined) throw new Error('The shell source ends within a word.');
    if (char === '\\') {
      at += 2;
      const escaped = source.slice(start + 1, at);
      pieces.push({ text: isQuoted && !/[$`"\\\n]/.test(escaped) ? `\\${escaped}` : escaped });
    } else if (char === "'" && !isQuoted) {
      at = quotationEnd(at);
      pieces.push({ text: source.slice(start + 1, at - 1) });
    } else if (source.startsWith("$'", at) && !isQuoted) {
      at = quotationEnd(at);
      pieces.push({ text: source.slice(start + 2, at - 1).replaceAll('\\n', '\n') });
    } else if (char === '"') {
      at += 1;
      while (source[at] !== '"') readPiece(pieces, true);
      at += 1;
    } else if (source.startsWith('$((', at)) {
      at += 1;
      readArithmetic();
      pieces.push({ expansion: source.slice(start, at) });
    } else if (source.startsWith('$(', at)) {
      at += 2;
      readUntil(')');
      pieces.push({ expansion: source.slice(start, at) });
    } else if (source.startsWith('${', at)) {
      at = closingBrace(at + 1);
      pieces.push({ expansion: source.slice(start, at) });
    } else if (char === '$' && /^\$(\w+|[@*#?!-])/.test(source.slice(at, at + 60))) {
      at += /^\$([a-zA-Z_]\w*|.)/.exec(source.slice(at))?.[0].length ?? 1;
      pieces.push({ expansion: source.slice(start, at) });
    } else {
      at += 1;
      pieces.push({ text: char });
    }
  }

  /** `((…))`, with the commands that stand in it. */
  function readArithmetic(): void {
    let level = 0;
    do {
      const char = source[at];
      if (char === '(') level += 1;
      if (char === ')') level -= 1;
      if (char === '$') readPiece([], false);
      else at += 1;
    } while (level > 0);
  }

  /** Where the brace that opens at `from` has been closed. */
  function closingBrace(from: number): number {
    let position = from;
    let level = 0;
    do {
      const char = source[position];
      if (char === '{') level += 1;
      if (char === '}') level -= 1;
      position = char === '$' ? position + 1 : quotationEnd(position);
    } while (level > 0);
    return position;
  }

  /** Past the quotation that begins there, or past one character. */
  function quotationEnd(from: number): number {
    const char = source[from];
    if (char === undefined) throw new Error(`The shell source ends within: ${source.slice(-60)}`);
    if (char === '\\') return from + 2;
    if (char === "'") return source.indexOf("'", from + 1) + 1;
    if (source.startsWith("$'", from)) return escapedEnd(from + 2, "'");
    if (char === '"') return escapedEnd(from + 1, '"');
    return from + 1;
  }

  function escapedEnd(from: number, quote: string): number {
    let position = from;
    while (source[position] !== quote) {
      if (position >= source.length) throw new Error('The shell source ends within a quotation.');
      position += source[position] === '\\' ? 2 : 1;
    }
    return position + 1;
  }

  function skipLine(): void {
    const end = source.indexOf('\n', at);
    at = end < 0 ? source.length : end;
  }
}

/** The words that stand in `# name WORD WORD: …` before a function, by the function's name. */
export function readUsages(source: string): Map<string, string[]> {
  const usages = new Map<string, string[]>();
  for (const [, name, words] of source.matchAll(/^\s*# ([a-z_]+)((?: [A-Z]+| "[A-Z ]+")+)/gm)) {
    if (name && words) usages.set(name, words.toLowerCase().replaceAll('"', '').trim().split(' '));
  }
  return usages;
}
