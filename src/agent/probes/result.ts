import type { DatabaseType } from '../../domain/database.ts';
import type { DatabaseState, Reason } from '../../domain/status.ts';
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
}

export const ANSWERS: ProbeResult = { database: 'answers', reason: '' };
export const REFUSES: ProbeResult = { database: 'refuses', reason: 'host-refused' };
/** Something is there, and it is not what the tunnel says. */
export const OTHER_PROTOCOL: ProbeResult = { database: 'silent', reason: 'wrong-protocol' };

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
