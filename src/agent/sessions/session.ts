import { bootId, type ProcessIdentity, startedAt } from '../system/process-table.ts';

/** A connection that logged in. */
export interface Session {
  /** sshd's privileged process of the connection; its child, the user's process, listens. */
  monitor: ProcessIdentity;
  /** The child, once it is known to listen. */
  child?: ProcessIdentity;
  /**
   * Fingerprints that the log names for it, the latest first. sshd names one; a second means that a
   * process id came round again, or that somebody forged a line. The port that it holds decides.
   */
  claims: string[];
  /** When the agent first saw it, milliseconds. */
  seenAt: number;
}

/** Opaque, and never the same for two sessions. */
export function sessionId({ monitor }: Session): string {
  return `${bootId().slice(0, 8)}-${monitor.pid}-${monitor.start}`;
}

/** Unix seconds. */
export function sessionSince({ monitor }: Session): number {
  return startedAt(monitor);
}
