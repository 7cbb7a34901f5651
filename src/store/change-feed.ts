import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';

/**
 * Called with the id of what was changed, or with none: any of them may have been. A region is, a
 * tunnel server that is asked for a check, and a check that is answered.
 */
export type ChangeListener = (id?: string) => void;

export interface ChangeFeed {
  /** Calls the listener until what this gives is called. */
  onChange(listener: ChangeListener): () => void;
  close(): Promise<void>;
}

const CHANNEL = 'culvert_changes';
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3000;

/** For what a statement returns: every instance is told of that column's ids once it is committed. */
export const tellInstances = (column: 'region.id' | 'slot_check.id' | 'slot_check.server_id') =>
  sql`pg_notify(${CHANNEL}, ${sql.ref(column)})`.as('told');

/**
 * Hears of every instance's changes, on a connection of its own, from the first listener on. It
 * connects anew when it was cut, and then says that anything may have changed. Nothing may rely on
 * it: through a pooler that lends a connection for a transaction only, it never hears anything.
 */
export function openChangeFeed(connection: pg.ClientConfig): ChangeFeed {
  const listeners = new Set<ChangeListener>();
  const closing = new AbortController();
  let following: Promise<void> | undefined;
  const tell: ChangeListener = (id) => {
    for (const listener of listeners) listener(id);
  };
  return {
    onChange(listener) {
      listeners.add(listener);
      following ??= follow(connection, tell, closing.signal);
      return () => listeners.delete(listener);
    },
    async close() {
      closing.abort();
      await following;
    },
  };
}

async function follow(
  connection: pg.ClientConfig,
  tell: ChangeListener,
  signal: AbortSignal,
): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const listened = await listen(connection, tell, signal);
    pause = listened ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
    await delay(pause, undefined, { signal }).catch(() => {});
  }
}

/** Listens until the connection ends or `signal`; false when it came to no connection. */
async function listen(
  connection: pg.ClientConfig,
  tell: ChangeListener,
  signal: AbortSignal,
): Promise<boolean> {
  const client = new pg.Client(connection);
  // The end says enough; an error event that nobody listens to would end the process.
  client.on('error', () => {});
  client.on('notification', ({ payload }) => tell(payload));
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  client.once('end', end);
  signal.addEventListener('abort', end);
  try {
    // A client that is told to end while it connects may never say how that went.
    await Promise.race([startListening(client), ended]);
    if (!signal.aborted) tell();
    await ended;
    return true;
  } catch {
    return false;
  } finally {
    signal.removeEventListener('abort', end);
    client.end().catch(() => {});
  }
}

async function startListening(client: pg.Client): Promise<void> {
  await client.connect();
  await client.query(`listen ${CHANNEL}`);
}
