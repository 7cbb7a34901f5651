/**
 * The settings of a rendered installer as a block of its own: from the brace that opens it to the
 * line from which on all is the same for everyone, and a closing brace.
 */
export function settingsBlock(script: string): string {
  const start = script.indexOf('{\n  # ---- Settings');
  const end = script.indexOf('  # ---- The same for everyone from here on');
  if (start === -1 || end === -1) throw new Error('this script has no settings block');
  return `${script.slice(start, end)}}\n`;
}

/** The names that the block sets, in order; those in a program that is a literal of it are none. */
export function settingNames(script: string): string[] {
  const literal = /\$'(?:[^'\\]|\\.)*'|'(?:[^']|'\\'')*'/g;
  const withoutLiterals = settingsBlock(script).replaceAll(literal, "''");
  return [...withoutLiterals.matchAll(/^ {2}([A-Z_][A-Z0-9_]*)=/gm)].map(
    (match) => match[1] as string,
  );
}
