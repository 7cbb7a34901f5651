import type { ProbeConnection } from './connection.ts';
import { ANSWERS, OTHER_PROTOCOL, type ProbeResult, refusal, withoutReply } from './result.ts';

/**
 * Whether a Redis answers PING, also with an error: one that asks for a password (`-NOAUTH`), or that
 * loads its data, speaks. Protected mode (`-DENIED`) is a refusal: it lets in its own host alone.
 * Formats: "Redis serialization protocol specification" and the command PING on redis.io.
 */
export async function probeRedis(connection: ProbeConnection): Promise<ProbeResult> {
  connection.send(PING);
  const sign = await connection.read(1);
  if (typeof sign === 'string') return withoutReply(sign);
  if (!'+-'.includes(sign.toString('latin1'))) return OTHER_PROTOCOL;
  const line = await connection.readThrough('\r\n');
  if (typeof line === 'string') return OTHER_PROTOCOL;
  const text = `${sign}${line.toString('latin1', 0, line.length - 2)}`;
  if (text === '+PONG') return ANSWERS;
  if (text.startsWith('-DENIED ')) return refusal('host-refused', line.subarray(0, -2));
  if (text === FULL) return refusal('too-many-connections', line.subarray(0, -2));
  return ERROR.test(text) ? ANSWERS : OTHER_PROTOCOL;
}

const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
const FULL = '-ERR max number of clients reached';
const ERROR = /^-[A-Z]+( |$)/;
