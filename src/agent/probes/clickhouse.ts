import type { ProbeConnection } from './connection.ts';
import { ANSWERS, OTHER_PROTOCOL, type ProbeResult, withoutReply } from './result.ts';

/**
 * Whether a ClickHouse says that it is well, by HTTP, or that this is its other port, which speaks
 * the protocol of `clickhouse-client` and tells so to whoever speaks HTTP. It judges users and their
 * networks at a query, so nothing is refused here.
 * Formats: "HTTP Interface" in ClickHouse's documentation, and RFC 9112.
 */
export async function probeClickhouse(connection: ProbeConnection): Promise<ProbeResult> {
  connection.send(REQUEST);
  const protocol = await connection.read(7);
  if (typeof protocol === 'string') return withoutReply(protocol);
  if (protocol.toString('latin1') !== 'HTTP/1.') return OTHER_PROTOCOL;
  const head = await connection.readThrough('\r\n\r\n');
  if (typeof head === 'string') return OTHER_PROTOCOL;
  const isWell = /^\d 200 /.test(head.toString('latin1'));
  const body = await connection.readThrough(isWell ? WELL : OTHER_PORT);
  if (typeof body === 'string') return OTHER_PROTOCOL;
  return ANSWERS;
}

const REQUEST = Buffer.from('GET /ping HTTP/1.0\r\nUser-Agent: culvert-probe\r\n\r\n');
const WELL = 'Ok.\n';
const OTHER_PORT = ' is for clickhouse-client program';
