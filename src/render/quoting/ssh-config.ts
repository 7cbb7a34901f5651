/**
 * A value of ssh_config(5). How that file quotes differs between versions, and
 * `%` and `~` expand in some keywords, so nothing is quoted here: only what needs none is let through.
 * Throws a RangeError on anything else.
 */
export function quoteSshConfig(value: string): string {
  if (!/^(~\/)?[A-Za-z0-9_./:[\]][A-Za-z0-9_.,/:[\]@+-]*$/.test(value)) {
    throw new RangeError('is not a plain word of ssh_config');
  }
  return value;
}
