import { REACHED_WITHIN_MS } from '../system/unanswered-connections.ts';

/**
 * So long after it was first seen unanswered, a connection has heard nothing for 61 s at least. TCP
 * tries again ever more seldom: after a cut of 30 s its next attempt may come 60 s after the cut
 * began. The proxy's ssh has given up by then, too.
 */
const DEAD_AFTER_MS = 55_000;

/**
 * Tells dead connections from those that have lost a few packets. sshd cannot: each knock at the
 * tunnel port gives it something to send, which it takes for life, and its ClientAlive never asks.
 * The kernel gives up after about 15 minutes (tcp(7), tcp_retries2).
 *
 * Counting retransmissions would not do: the time that they take grows with the connection's delay,
 * and shrinks when a router says "unreachable" (RFC 6069).
 */
export class DeadConnections {
  /** By inode: when each was first seen; Infinity once it was told. */
  #since = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** Takes in which connections are unanswered now; gives those that are dead, each of them once. */
  observe(unanswered: Map<string, string>, now = performance.now()): Map<string, string> {
    // After a longer pause nobody knows whether it was answered in between.
    const known = now - this.#lookedAt < REACHED_WITHIN_MS ? this.#since : new Map();
    const dead = new Map<string, string>();
    this.#since = new Map();
    for (const [inode, peer] of unanswered) {
      const since = known.get(inode) ?? now;
      const isDead = now - since >= DEAD_AFTER_MS;
      if (isDead) dead.set(inode, peer);
      this.#since.set(inode, isDead ? Number.POSITIVE_INFINITY : since);
    }
    this.#lookedAt = now;
    return dead;
  }
}
