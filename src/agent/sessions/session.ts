import { bootId, isRunning, type ProcessIdentity, startedAt } from '../system/process-table.ts';

/** A connection that logged in. */
export interface Session {
  /** sshd's privileged process of the connection; its child, the user's process, listens. */
  monitor: ProcessIdentity;
  /** The child, once it is known to listen. */
  child?: ProcessIdentity;
  /**
   * Fingerprints of the key that it logged in with, the latest first: one, as the login hook says.
   * Where only the log tells, a second means that somebody forged a line. The port that it holds
   * decides then, and it ends nobody's session.
   */
  claims: string[];
  /** Where its client is, as far as it is known. */
  address?: string;
  /** The other end of its connection as the kernel's tables print it, where the login hook says it. */
  peer?: string;
  /** It is logged in, and the log was read up to there: a line that names it now is forged. */
  isSettled?: boolean;
  /** When the agent first saw it, milliseconds. */
  seenAt: number;
}

/** Opaque, and never the same for two sessions. */
export function sessionId({ monitor }: Session): string {
  return `${bootId().slice(0, 8)}-${monitor.pid}-${monitor.start}`;
}

/** Whether any process of it runs. */
export function isLive({ monitor, child }: Session): boolean {
  return isRunning(monitor) || (child !== undefined && isRunning(child));
}

/** Unix seconds. */
export function sessionSince({ monitor }: Session): number {
  return startedAt(monitor);
}
