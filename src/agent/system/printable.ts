/** What a stranger said as one line of printable ASCII, everything else escaped, cut at `most`. */
export function printable(text: string, most: number): string {
  const escaped = text.replaceAll(/[^\x20-\x7e]|\\/g, (character) =>
    character === '\\' ? '\\\\' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return escaped.slice(0, most);
}
