/**
 * A string as one literal of bash: printable ASCII, line feeds and tabs in `'…'`, as a person would
 * write it; anything else in `$'…'` with each byte in octal, so that a script is pure ASCII and no
 * locale can misread it. Throws a RangeError on NUL and lone surrogates, which bash cannot hold.
 */
export function quoteShell(value: string): string {
  if (/^[\t\n\x20-\x7e]*$/.test(value)) return `'${value.replaceAll("'", `'\\''`)}'`;
  if (value.includes('\0')) throw new RangeError('holds a NUL character');
  if (!value.isWellFormed()) throw new RangeError('is not well-formed Unicode');
  return `$'${Array.from(Buffer.from(value), escapeByte).join('')}'`;
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (byte < 0x20 || byte > 0x7e) return `\\${byte.toString(8).padStart(3, '0')}`;
  return character === "'" || character === '\\' ? `\\${character}` : character;
}
