import { randomInt } from 'node:crypto';
import { claim } from '../../support/claim.ts';

/** A hundred tunnel ports that no other test process has; quickstart begins at 20,000. */
export const FIRST_PORT = await claimHundred();
export const LAST_PORT = FIRST_PORT + 99;

async function claimHundred(): Promise<number> {
  for (;;) {
    const first = 10_000 + 100 * randomInt(0, 100);
    if (await claim(`tunnel-ports-${first}`)) return first;
  }
}
