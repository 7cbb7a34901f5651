import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const EVERY_MS = 50;
/** Each tenth question goes through a connection of its own, as a new one of the vendor's does. */
const ANEW_EVERY = 10;
/** A machine that others keep busy lets a niced process wait long; what is lost is never answered. */
const ANSWER_WITHIN_MS = 180_000;

/** What became of the questions that a PostgreSQL was asked through a tunnel. */
export interface Asking {
  answered(): number;
  /** Why questions were lost. */
  lost(): string[];
  /** Milliseconds. */
  slowest(): number;
  stop(): Promise<void>;
}

/**
 * Asks the database behind a tunnel port, 50 ms after one answer for the next. A connection that is
 * lost is not made again.
 */
export async function askThrough(port: number): Promise<Asking> {
  const lasting = await connect(port);
  const lost: string[] = [];
  let [asked, answered, slowest, isStopping] = [0, 0, 0, false];
  const ask = async (number: number) => {
    const isAnew = number % ANEW_EVERY === 0;
    const client = isAnew ? await connect(port) : lasting;
    const { rows } = await client.query('select $1::int as number', [number]);
    if (rows[0]?.number !== number) throw new Error(`answered ${JSON.stringify(rows)}`);
    if (isAnew) await client.end();
  };
  const asking = (async () => {
    for (; !isStopping; await sleep(EVERY_MS)) {
      asked += 1;
      const begun = performance.now();
      try {
        await ask(asked);
        answered += 1;
      } catch (error) {
        lost.push(`question ${asked} of port ${port}: ${error}`);
      }
      slowest = Math.max(slowest, performance.now() - begun);
    }
    await lasting.end();
  })();
  return {
    answered: () => answered,
    lost: () => lost,
    slowest: () => Math.round(slowest),
    async stop() {
      isStopping = true;
      await asking;
    },
  };
}

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  // The question under way hears of it, or the next one.
  client.on('error', () => {});
  await client.connect();
  return client;
}
