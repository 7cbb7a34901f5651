import { randomInt } from 'node:crypto';

/** A hundred tunnel ports for this test, from a place that other tests hardly choose too. */
export const FIRST_PORT = 10_000 + 100 * randomInt(0, 120);
export const LAST_PORT = FIRST_PORT + 99;
