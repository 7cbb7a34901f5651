import { readLines } from './read-lines.ts';

/** Less often may be loss on a poor line. See `REACHED_WITHIN_MS`. */
const RETRANSMISSIONS = 5;
/**
 * No connection comes to so many retransmissions sooner after an acknowledgement, which sets them to
 * none: the first waits 200 ms at least (Linux's TCP_RTO_MIN), each further one twice as long as the
 * one before (RFC 6298, 5.5).
 */
export const REACHED_WITHIN_MS = 6200;

/** Sockets of a local IPv4 port whose data goes unacknowledged over and over, by inode. */
export function unansweredConnections(port: number): Set<string> {
  return parseUnanswered(readLines('/proc/net/tcp'), port);
}

/** The same from the lines of the kernel's table: proc_pid_net(5), `retrnsmt` and `inode`. */
export function parseUnanswered(lines: Iterable<string>, port: number): Set<string> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = new Set<string>();
  for (const line of lines) {
    const words = line.trimStart().split(/\s+/, 10);
    const [, address, , , , , retransmissions = '', , , inode = '0'] = words;
    if (!address?.endsWith(local)) continue;
    // Without an inode no process holds it any more.
    if (Number.parseInt(retransmissions, 16) >= RETRANSMISSIONS && inode !== '0') found.add(inode);
  }
  return found;
}
