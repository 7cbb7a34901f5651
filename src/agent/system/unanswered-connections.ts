import { readLines } from './read-lines.ts';

/** Less often may be loss on a poor line. See `REACHED_WITHIN_MS`. */
const RETRANSMISSIONS = 5;
/**
 * No connection comes to so many retransmissions sooner after an acknowledgement, which sets them to
 * none: the first waits 200 ms at least (Linux's TCP_RTO_MIN), each further one twice as long as the
 * one before (RFC 6298, 5.5).
 */
export const REACHED_WITHIN_MS = 6200;

/**
 * Sockets of a local IPv4 port whose data goes unacknowledged over and over: their other ends, as
 * `tableEndpoint` names them, by inode.
 */
export function unansweredConnections(port: number): Map<string, string> {
  return parseUnanswered(readLines('/proc/net/tcp'), port);
}

/** The same from the lines of the kernel's table: proc_pid_net(5), `retrnsmt` and `inode`. */
export function parseUnanswered(lines: Iterable<string>, port: number): Map<string, string> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = new Map<string, string>();
  for (const line of lines) {
    const words = line.trimStart().split(/\s+/, 10);
    const [, address, peer = '', , , , retransmissions = '', , , inode = '0'] = words;
    if (!address?.endsWith(local)) continue;
    // Without an inode no process holds it any more.
    const isUnanswered = Number.parseInt(retransmissions, 16) >= RETRANSMISSIONS;
    if (isUnanswered && inode !== '0') found.set(inode, peer);
  }
  return found;
}
