/**
 * A value of sshd_config(5): a plain word as it is, anything else of printable ASCII in double quotes,
 * which a path with a blank needs. Throws a RangeError on quotes, backslashes and control characters,
 * which sshd's own versions read differently.
 */
export function quoteSshdConfig(value: string): string {
  if (/^[A-Za-z0-9_./:[\]@%*+-]+$/.test(value)) return value;
  if (/^[\x20-\x7e]+$/.test(value) && !/["\\]/.test(value)) return `"${value}"`;
  throw new RangeError('holds a quote, a backslash, or something other than printable ASCII');
}
