import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A hundred tunnel ports that no other test process has. */
export const FIRST_PORT = await claimHundred();
export const LAST_PORT = FIRST_PORT + 99;

/** A claim is a socket that has a name and no file (unix(7), abstract), so it ends with the process. */
async function claimHundred(): Promise<number> {
  for (;;) {
    const first = 10_000 + 100 * randomInt(0, 120);
    const claim = createServer().listen(`\0culvert-test-ports-${first}`).unref();
    const isOurs = await once(claim, 'listening').then(
      () => true,
      () => false,
    );
    if (isOurs) return first;
  }
}
