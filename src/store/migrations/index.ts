import type { Migration } from 'kysely/migration';
import type { Store } from '../store.ts';
import * as start from './20261122T1800-start.ts';
import { appendOnlyAudit } from './20261125T1930-append-only-audit.ts';
import * as changeControl from './20261128T0945-change-control.ts';
import * as webhooks from './20261128T1015-webhooks.ts';
import * as severalSlots from './20261128T1430-several-slots.ts';
import * as slotChecks from './20261128T1600-slot-checks.ts';

/** Every migration by name, in the order of time. Append; never edit one that was released. */
export function migrationsFor(engine: Store['engine']): Record<string, Migration> {
  return {
    '20261122T1800-start': start,
    '20261125T1930-append-only-audit': appendOnlyAudit(engine),
    '20261128T0945-change-control': changeControl,
    '20261128T1015-webhooks': webhooks,
    '20261128T1430-several-slots': severalSlots,
    '20261128T1600-slot-checks': slotChecks,
  };
}
