import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { claim } from './claim.ts';

/**
 * A port of 127.0.0.1 that is free, and that no other test process is given while this one lives.
 * Below the range that outgoing connections take theirs from (ip(7), ip_local_port_range): none of
 * them takes it before it is listened on, or while what listens there restarts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(22_000, 32_000);
    if (!(await claim(`port-${port}`))) continue;
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
