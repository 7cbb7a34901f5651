import type { Kysely } from 'kysely';
import type { AskedCheck, CheckReport } from '../domain/agent-protocol.ts';
import { randomCharacters } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import { CHECK_EVERY_MS, CHECK_WITHIN_MS } from '../domain/slot-check.ts';
import type { Slot } from '../domain/tunnel.ts';
import { tellInstances } from './change-feed.ts';
import type { Store } from './store.ts';
import type { Tables } from './tables.ts';
import { transact } from './transact.ts';

/** A check of a slot that somebody asked for. */
export interface StoredCheck {
  id: string;
  asked_at: number;
  /** The agent has heard of it. */
  taken: boolean;
  answered_at: number | null;
  answer: CheckReport | null;
}

/** Longer than anybody waits for one. */
const KEEP_MS = 60_000;
/** As many as an agent gets at a time. */
const AT_ONCE = 20;

/**
 * Asks for a check of a slot, or joins the one that is under way. One statement decides, so however
 * many ask at once, at whichever instance, one check comes of it. Throws `too-many` with the time to
 * wait while the last one is too fresh.
 */
export async function askForCheck(
  store: Store,
  { tunnel_id, number: slot, server_id }: Slot,
  now: number = Date.now(),
): Promise<StoredCheck> {
  await transact(store, (trx) =>
    trx
      .deleteFrom('slot_check')
      .where('asked_at', '<', now - KEEP_MS)
      .execute(),
  );
  const fresh = { id: `chk_${randomCharacters(26)}`, server_id, asked_at: now };
  const unanswered = { taken_at: null, answered_at: null, answer: null };
  await transact(store, (trx) =>
    trx
      .insertInto('slot_check')
      .values({ tunnel_id, slot, ...fresh, ...unanswered })
      .onConflict((conflict) =>
        conflict
          .columns(['tunnel_id', 'slot'])
          .doUpdateSet({ ...fresh, ...unanswered })
          .where('slot_check.asked_at', '<=', now - CHECK_EVERY_MS)
          .where(({ or, eb }) =>
            or([
              eb('slot_check.answered_at', 'is not', null),
              eb('slot_check.asked_at', '<=', now - CHECK_WITHIN_MS),
            ]),
          ),
      )
      .$if(store.engine === 'postgres', (query) =>
        query.returning(tellInstances('slot_check.server_id')),
      )
      .execute(),
  );
  const check = await getCheck(store.db, tunnel_id, slot);
  if (!check) throw new Error('a check that has gone at once');
  // One that was answered only just now was under way when this was asked.
  if (check.answered_at !== null && check.answered_at < now) throw tooFresh(check, now);
  return check;
}

function tooFresh({ asked_at }: StoredCheck, now: number): Problem {
  const retryAfter = Math.max(1, Math.ceil((asked_at + CHECK_EVERY_MS - now) / 1000));
  return new Problem('too-many', 'this slot was checked a moment ago', {
    next: `Check it again in ${retryAfter} s.`,
    retryAfter,
  });
}

/** The newest check of a slot. */
export async function getCheck(
  db: Kysely<Tables>,
  tunnelId: string,
  slot: number,
): Promise<StoredCheck | undefined> {
  const row = await db
    .selectFrom('slot_check')
    .select(['id', 'asked_at', 'taken_at', 'answered_at', 'answer'])
    .where('tunnel_id', '=', tunnelId)
    .where('slot', '=', slot)
    .executeTakeFirst();
  if (!row) return undefined;
  const { id, asked_at, taken_at, answered_at, answer } = row;
  return {
    id,
    asked_at,
    taken: taken_at !== null,
    answered_at,
    answer: answer === null ? null : JSON.parse(answer),
  };
}

/** Gives a tunnel server's agent what it is asked to check, each once. */
export async function takeChecks(
  store: Store,
  serverId: string,
  now: number = Date.now(),
): Promise<AskedCheck[]> {
  const asked = await openChecks(store.db, serverId, now);
  // Agents ask for it all the time: mostly there is nothing, and nothing is written.
  if (asked.length === 0) return [];
  const taken = await transact(store, (trx) =>
    trx
      .updateTable('slot_check')
      .set({ taken_at: now })
      .where(
        'id',
        'in',
        asked.map(({ id }) => id),
      )
      .where('taken_at', 'is', null)
      .returning('id')
      .execute(),
  );
  const ids = new Set(taken.map(({ id }) => id));
  return asked.filter(({ id }) => ids.has(id));
}

function openChecks(db: Kysely<Tables>, serverId: string, now: number): Promise<AskedCheck[]> {
  return db
    .selectFrom('slot_check')
    .select(['id', 'tunnel_id as tunnel', 'slot'])
    .where('server_id', '=', serverId)
    .where('taken_at', 'is', null)
    .where('asked_at', '>', now - CHECK_WITHIN_MS)
    .orderBy('asked_at')
    .limit(AT_ONCE)
    .execute();
}

/** Keeps what an agent saw, once; of a check that is not its own, or that was followed by another, nothing. */
export async function answerCheck(
  store: Store,
  serverId: string,
  id: string,
  answer: CheckReport,
  now: number = Date.now(),
): Promise<void> {
  await transact(store, (trx) =>
    trx
      .updateTable('slot_check')
      .set({ answer: JSON.stringify(answer), answered_at: now })
      .where('id', '=', id)
      .where('server_id', '=', serverId)
      .where('answered_at', 'is', null)
      .$if(store.engine === 'postgres', (query) => query.returning(tellInstances('slot_check.id')))
      .execute(),
  );
}
