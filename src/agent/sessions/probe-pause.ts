import type { DatabaseType } from '../../domain/database.ts';

const ANSWERS_MS = 20_000;
const NOT_ANSWERING_MS = 10_000;
/** A login that fails is a line in the log of most MySQLs, and costs each of them a thread. */
const MYSQL_ANSWERS_MS = 60_000;
/** Above this many tunnels a host probes each of them once a minute: a probe costs 0.5 ms of CPU. */
const MANY = 3000;
const WITH_MANY_MS = 60_000;
/** A MySQL that has not greeted counts the connection against the proxy, up to 100 by default. */
const LONGEST_MYSQL_MS = 3_600_000;
/** Sessions that came up together part after their first probe, and do not meet again. */
const FIRST_JITTER = 0.5;
const JITTER = 0.1;

export interface LastProbe {
  type: DatabaseType;
  answers: boolean;
  /** Probes in a row, this one too, that got no answer at all. */
  silences: number;
  /** Of this session. */
  isFirst: boolean;
  /** How many this host probes. */
  tunnels: number;
}

/** How long a session waits for its next probe: somewhat more or less than is usual, by chance. */
export function pauseAfter(last: LastProbe): number {
  const jitter = last.isFirst ? FIRST_JITTER : JITTER;
  return usualPause(last) * (1 - jitter + 2 * jitter * Math.random());
}

function usualPause({ type, answers, silences, tunnels }: LastProbe): number {
  const least = tunnels > MANY ? WITH_MANY_MS : 0;
  if (answers) return Math.max(least, type === 'mysql' ? MYSQL_ANSWERS_MS : ANSWERS_MS);
  const pause = Math.max(least, NOT_ANSWERING_MS);
  if (type !== 'mysql' || silences === 0) return pause;
  return Math.min(LONGEST_MYSQL_MS, pause * 2 ** (silences - 1));
}
