import type { DatabaseType } from '../../domain/database.ts';
import type { DatabaseState, Reason } from '../../domain/status.ts';
import { printable } from '../system/printable.ts';
import type { NoReply } from './connection.ts';

/** What the agent asks of the probe process. */
export interface ProbeRequest {
  id: number;
  type: DatabaseType;
  host: string;
  port: number;
}

/** What a probe saw. */
export interface ProbeResult {
  database: DatabaseState;
  reason: Reason;
  /** The database's own words where it refuses: for the agent's log, and never more than that. */
  words?: string;
}

export const ANSWERS: ProbeResult = { database: 'answers', reason: '' };
export const REFUSES: ProbeResult = { database: 'refuses', reason: 'host-refused' };
/** Something is there, and it is not what the tunnel says. */
export const OTHER_PROTOCOL: ProbeResult = { database: 'silent', reason: 'wrong-protocol' };

/** As many characters of a database's words are kept. */
export const MOST_WORDS = 200;

/** That a database turns everyone or this proxy away, with its own words: one line, escaped. */
export function refusal(reason: Reason, words: Buffer): ProbeResult {
  return { database: 'refuses', reason, words: printable(words.toString('latin1'), MOST_WORDS) };
}

/** What it means when a database does not reply. */
export function withoutReply(why: NoReply): ProbeResult {
  switch (why) {
    case 'refused':
      return { database: 'closed', reason: 'connection-refused' };
    case 'closed':
      // The proxy's ssh accepts for us first, and closes when it cannot reach the database.
      return { database: 'closed', reason: 'closed-at-once' };
    case 'silent':
      return { database: 'silent', reason: 'no-answer' };
    case 'too-much':
      return OTHER_PROTOCOL;
  }
}
