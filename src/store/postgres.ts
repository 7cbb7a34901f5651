import type { Socket } from 'node:net';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { openChangeFeed } from './change-feed.ts';
import { slotRevisionSql } from './slot-revision.ts';
import type { SlotRevision, Store } from './store.ts';
import type { Tables } from './tables.ts';

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
/** A database that owes an answer and says nothing for so long is given up; what takes longer is a migration's alone. */
const SILENCE_MS = 15_000;
/** Frees the rows that a stalled process holds, so that the other instances can go on. */
const STALLED_TRANSACTION_MS = 30_000;

/** Opens a PostgreSQL database; connections are made as they are needed. */
export function openPostgres(url: string): Store {
  const connection = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
  const pool = new pg.Pool({
    ...connection,
    application_name: 'culvert',
    max: MAX_CONNECTIONS,
    idle_in_transaction_session_timeout: STALLED_TRANSACTION_MS,
    types: { getTypeParser },
  });
  // A connection may break at any time. The query under way hears of it, or the next one; these two
  // only keep Node from ending the process over an error event that nobody listens to.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
    const stream = streamOf(client);
    stream.on('timeout', () => stream.destroy(silent()));
  });
  // While it is lent it is asked: a hung database must not hang every request with it.
  let patience = SILENCE_MS;
  pool.on('acquire', (client) => void streamOf(client).setTimeout(patience));
  pool.on('release', (_, client) => void streamOf(client).setTimeout(0));
  const feed = openChangeFeed({ ...connection, application_name: 'culvert changes' });
  let closed: Promise<unknown> | undefined;
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    engine: 'postgres',
    db,
    async slotRevision(tunnelId, slot): Promise<SlotRevision> {
      const { rows } = await pool.query<{ revision: number }>({
        name: 'slot-revision',
        text: slotRevisionSql('$1', '$2'),
        values: [tunnelId, slot],
      });
      return rows[0];
    },
    async patiently(work) {
      patience = 0;
      try {
        return await work();
      } finally {
        patience = SILENCE_MS;
      }
    },
    onChange: feed.onChange,
    async close() {
      closed ??= Promise.all([feed.close(), pool.end()]);
      await closed;
    },
  };
}

function streamOf(client: pg.PoolClient): Socket {
  return (client as unknown as pg.Client).connection.stream as Socket;
}

/** As the kernel says it of a peer that is gone. */
function silent(): Error {
  const error = new Error(`PostgreSQL has said nothing for ${SILENCE_MS / 1000} seconds`);
  return Object.assign(error, { code: 'ETIMEDOUT', syscall: 'read' });
}

/** Reads bigint as a number: ours are times, counts and revisions, all below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (type: number, format?: 'text' | 'binary') =>
  type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format as 'text');
