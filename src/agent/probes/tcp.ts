import { ProbeConnection } from './connection.ts';
import { ANSWERS, type ProbeResult, withoutReply } from './result.ts';

/**
 * Whether something accepts. The proxy's ssh accepts for us before it has tried, and closes when it
 * is refused: what is still open after the time of a probe counts as accepted. A firewall that drops
 * packets looks the same from here.
 */
export async function probeTcp(host: string, port: number): Promise<ProbeResult> {
  const connection = new ProbeConnection(host, port);
  try {
    const greeting = await connection.read(1);
    return greeting === 'refused' || greeting === 'closed' ? withoutReply(greeting) : ANSWERS;
  } finally {
    connection.close();
  }
}
