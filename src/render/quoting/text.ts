/**
 * A word of a plain text that people read, and paste parts of into a shell: a name, path, address or
 * URL that needs no quoting there, and is no markup inside a code block of Markdown. Throws a
 * RangeError on anything else.
 */
export function quoteText(value: string): string {
  if (!/^[A-Za-z0-9_/[][A-Za-z0-9_./:[\]~@-]*$/.test(value)) {
    throw new RangeError('is not a plain word');
  }
  return value;
}
