/**
 * Makes what a reader would not see stand out, as `\u{…}`: characters that control the terminal, turn
 * the order of letters round, take no room, or look like a space. Tab and space stay.
 */
export function visible(text: string): string {
  return text.replace(/[^\t\P{C}]|[^ \P{Z}]/gu, (character) => {
    const code = character.codePointAt(0) as number;
    return `\\u{${code.toString(16)}}`;
  });
}
