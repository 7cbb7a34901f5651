/**
 * A value of a file of variables, which systemd (EnvironmentFile=) and shells read: a plain word, so
 * that none of what either interprets ever occurs. Throws a RangeError on anything else.
 */
export function quoteEnvironment(value: string): string {
  if (!/^[A-Za-z0-9/][A-Za-z0-9_./:[\]~-]*$/.test(value)) throw new RangeError('is no plain word');
  return value;
}
