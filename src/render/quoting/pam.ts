/**
 * A word of a PAM service file: plain words and paths, so that none of what pam.d(5) interprets (white
 * space, brackets, backslashes, `#`) ever occurs. Throws a RangeError on anything else.
 */
export function quotePam(value: string): string {
  if (!/^[A-Za-z0-9/][A-Za-z0-9_./-]*$/.test(value)) throw new RangeError('is no plain path');
  return value;
}
