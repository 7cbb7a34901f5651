/**
 * A string as one expression of PowerShell, the same in every edition. Printable ASCII stands in
 * `'…'`. Text of several lines is a list of such literals, one a row, set in as the settings block
 * is. All else is made of UTF-16 units, since a script without a byte order mark is read in the
 * host's own code page. Throws a RangeError on NUL, with which paths and arguments would end early,
 * and on lone surrogates.
 */
export function quotePowerShell(value: string): string {
  if (value.includes('\0')) throw new RangeError('holds a NUL character');
  if (!value.isWellFormed()) throw new RangeError('is not well-formed Unicode');
  if (isPrintable(value)) return quotePrintable(value);
  // The script's own line ends are CRLF, so a value states its own.
  if (/^[\n\x20-\x7e]*$/.test(value)) return joinRows(value.split('\n'), '`n');
  if (/^(\r\n|[\x20-\x7e])*$/.test(value)) return joinRows(value.split('\r\n'), '`r`n');
  return joinUnits(value);
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function quotePrintable(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function joinRows(rows: string[], lineEnd: string): string {
  return `(@(\n${rows.map((row) => `  ${quotePrintable(row)}\n`).join('')}  ) -join "${lineEnd}")`;
}

/** By -join and not by +, of which some thousands overflow the stack of PowerShell's compiler. */
function joinUnits(text: string): string {
  const runs = text.match(/[\x20-\x7e]+|[^\x20-\x7e]/g) ?? [];
  const items = runs.map((run) => (isPrintable(run) ? quotePrintable(run) : unit(run)));
  return `(-join (${items.join(', ')}))`;
}

function unit(character: string): string {
  return `[char]0x${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
