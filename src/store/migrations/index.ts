import type { Migration } from 'kysely/migration';
import * as start from './20261122T1800-start.ts';

/** Every migration by name, in the order of time. Append; never edit one that was released. */
export const migrations: Record<string, Migration> = {
  '20261122T1800-start': start,
};
