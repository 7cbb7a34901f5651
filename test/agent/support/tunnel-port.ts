import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A hundred tunnel ports for this test, from a place that other tests hardly choose too. */
export const FIRST_PORT = 10_000 + 100 * randomInt(0, 120);
export const LAST_PORT = FIRST_PORT + 99;

/**
 * A port of 127.0.0.1 that was free a moment ago, below the range that outgoing connections take
 * theirs from: nothing else on the machine comes across it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(22_000, 32_000);
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
