import { readLines } from './read-lines.ts';
import { tableAddress } from './table-address.ts';

/** A TCP port that something listens on. */
export interface Listener {
  port: number;
  /** Names the socket; a process that holds it has `socket:[inode]` among its open files. */
  inode: string;
  /** The user who opened it. */
  uid: number;
}

const LISTEN = '0A';
const ANY_IPV4 = '00000000';
const ANY_IPV6 = '0'.repeat(32);

/** Everything that listens where `address` (IPv4) is reached, by port: proc_pid_net(5). */
export function listeningPorts(address: string): Map<number, Listener> {
  const own = tableAddress(address);
  const found = new Map<number, Listener>();
  // A socket on [::] takes IPv4 too. One on the very address says more than one on all of them.
  for (const { local, listener } of [...readTable('tcp6'), ...readTable('tcp')]) {
    const isOwn = local === own;
    const reaches = isOwn || local === ANY_IPV4 || local === ANY_IPV6;
    if (reaches && (isOwn || !found.has(listener.port))) found.set(listener.port, listener);
  }
  return found;
}

// The kernel lists listeners first. To find the connections it walks a table of up to half a million
// places, so reading ends at the first one.
function* readTable(table: 'tcp' | 'tcp6'): Generator<{ local: string; listener: Listener }> {
  for (const line of readLines(`/proc/net/${table}`)) {
    const words = line.trim().split(/\s+/);
    if (words[0] === 'sl') continue;
    if (words[3] !== LISTEN) return;
    const [local, port] = (words[1] as string).split(':') as [string, string];
    const listener = {
      port: Number.parseInt(port, 16),
      uid: Number(words[7]),
      inode: words[9] as string,
    };
    yield { local, listener };
  }
}
