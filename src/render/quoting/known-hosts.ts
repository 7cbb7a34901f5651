/**
 * A host key for a known_hosts line (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): `type base64`.
 * Throws a RangeError on anything else.
 */
export function quoteKnownHosts(value: string): string {
  if (!/^[a-z0-9-]+ [A-Za-z0-9+/]+={0,2}$/.test(value)) {
    throw new RangeError('is not a public key of the form "type base64"');
  }
  return value;
}
