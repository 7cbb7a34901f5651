/**
 * A word of a systemd unit. Units hold slugs and fixed paths only, so `%`, `$`, `"` and white space,
 * all of which systemd.service(5) would interpret, never occur. Throws a RangeError on anything else.
 */
export function quoteSystemd(value: string): string {
  if (!/^[a-z0-9/][a-z0-9_/-]*$/.test(value))
    throw new RangeError('is neither slug nor plain path');
  return value;
}
