/**
 * The wire's plain form for shells: `name=value` lines, the last one `end=1`. A body without it was
 * cut on its way and is void, whatever the transport said.
 */
export type Lines = Record<string, string>;

const VALUE = /^[\x20-\x7e]{0,4096}$/;

/** Writes lines. Throws a RangeError on a name or value that the form cannot carry. */
export function encodeLines(lines: Record<string, string | number | undefined>): string {
  let text = '';
  for (const [name, value] of Object.entries(lines)) {
    if (value === undefined) continue;
    if (!isName(name)) throw new RangeError(`not a line's name: ${name}`);
    if (!VALUE.test(String(value))) throw new RangeError(`${name}: not printable ASCII`);
    text += `${name}=${value}\n`;
  }
  return `${text}end=1\n`;
}

/** Reads lines, or gives undefined when they are cut, repeat a name, or are of another form. */
export function parseLines(text: string): Lines | undefined {
  const rows = text.replace(/\r?\n$/, '').split(/\r?\n/);
  if (rows.pop() !== 'end=1') return undefined;
  const lines: Lines = {};
  for (const row of rows) {
    const equals = row.indexOf('=');
    const name = row.slice(0, Math.max(equals, 0));
    const value = row.slice(equals + 1);
    if (!isName(name) || !VALUE.test(value) || Object.hasOwn(lines, name)) return undefined;
    lines[name] = value;
  }
  return lines;
}

/** `end` only ends; what every object has already (`__proto__`) could not be told from a line. */
function isName(name: string): boolean {
  return /^[a-z_]+$/.test(name) && name !== 'end' && !(name in Object.prototype);
}
