/** Whether the slot's session is up, as its tunnel server sees it. `taken`: a stranger has the port. */
export const SESSION_STATES = ['up', 'down', 'taken', 'unknown'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** What the probe through the tunnel port last saw. */
export const DATABASE_STATES = ['unprobed', 'closed', 'silent', 'answers', 'refuses'] as const;
export type DatabaseState = (typeof DATABASE_STATES)[number];

/** Why a state is what it is: a code, never a peer's text. */
export const REASONS = [
  '',
  'not-enrolled',
  'session-down',
  'port-taken',
  'connection-refused',
  'closed-at-once',
  'no-answer',
  'wrong-protocol',
  'host-refused',
  'host-blocked',
  'too-many-connections',
  'refused',
  'agent-silent',
] as const;
export type Reason = (typeof REASONS)[number];

/** An agent that has said nothing for this long knows nothing: its sessions count as `unknown`. */
export const AGENT_SILENT_AFTER_MS = 30_000;

/** Whether an agent that last reported then, if ever, is silent. Both in milliseconds. */
export function isAgentSilent(reportedAt: number | null, now: number): boolean {
  return reportedAt === null || now - reportedAt > AGENT_SILENT_AFTER_MS;
}

/** What a tunnel server last reported of one slot. Times in Unix seconds. */
export interface SlotReport {
  session: SessionState;
  /** Opaque; another session has another one. Empty when down. */
  session_id: string;
  /** Fingerprint of the key that the session was opened with. Empty when down. */
  session_key: string;
  session_since: number;
  database: DatabaseState;
  database_at: number;
  reason: Reason;
}
