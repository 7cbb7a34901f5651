import { isIPv4, isIPv6 } from 'node:net';
import { hostPort } from '../domain/database.ts';
import type { PublicKey } from '../domain/public-key.ts';
import { quoteKnownHosts } from './quoting/known-hosts.ts';
import { quoteSshConfig } from './quoting/ssh-config.ts';

/**
 * The line of authorized_keys (sshd(8)) that lets a key listen on its own tunnel port, and do
 * nothing else. Throws a RangeError when a part is not of the form that such a line can carry.
 */
export function authorizedKeyLine(input: {
  bind_address: string;
  tunnel_port: number;
  /** CIDR blocks that the key may log in from; none: any. */
  sources?: string[];
  key: Pick<PublicKey, 'type' | 'blob'>;
  /** Id of the tunnel: the line's comment. */
  tunnel: string;
}): string {
  const { bind_address, tunnel_port, sources = [], key, tunnel } = input;
  // A client that asks for 127.0.0.1 may send "localhost" for it.
  const hosts = bind_address === '127.0.0.1' ? ['localhost', '127.0.0.1'] : [bind_address];
  const permits = hosts.map(
    (host) => `permitlisten="${quoteSshConfig(hostPort(host, tunnel_port))}"`,
  );
  const from = sources.length === 0 ? [] : [`from="${sources.map(checkBlock).join(',')}"`];
  const options = ['restrict', 'port-forwarding', ...permits, ...from].join(',');
  return `${options} ${quoteKnownHosts(`${key.type} ${key.blob}`)} ${quoteSshConfig(tunnel)}`;
}

/** Addresses and a length alone: sshd would take a name or `!` and `*` for a pattern. */
function checkBlock(block: string): string {
  const [address = '', length = '', ...rest] = block.split('/');
  const width = isIPv4(address) ? 32 : 128;
  const isBlock = isIPv4(address) || (isIPv6(address) && !address.includes('%'));
  if (isBlock && /^\d{1,3}$/.test(length) && Number(length) <= width && rest.length === 0) {
    return block;
  }
  throw new RangeError('a source is not a CIDR block');
}
