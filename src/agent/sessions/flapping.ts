const WITHIN_MS = 60_000;
const CHANGES = 3;
const BARRED_MS = 600_000;

/** Of two hosts that take a tunnel port from each other: which one is kept away from it. */
export interface Bar {
  port: number;
  barred: string;
  stays: string;
  /** Milliseconds since 1970. */
  until: number;
}

/** An address has a port from a moment on. */
interface Stay {
  address: string;
  since: number;
}

/**
 * Sees two hosts with one key, such as a machine and its clone, take a tunnel port from each other
 * without end. Three changes within a minute: the one that had it longer stays, the other is barred.
 */
export class Flapping {
  /** By port: as many owners as there may be changes, the present one last. */
  readonly #stays = new Map<number, Stay[]>();
  readonly #bars = new Map<number, Bar>();

  /** Takes in that a session from an address has a port now; gives a bar when that is one too many. */
  arrived(port: number, address: string, now: number): Bar | undefined {
    const before = this.#stays.get(port) ?? [];
    if (before.at(-1)?.address === address) return undefined;
    const stays = [...before, { address, since: now }].slice(-1 - CHANGES);
    this.#stays.set(port, stays);
    const bar = barFor(port, stays, now);
    if (!bar) return undefined;
    this.#bars.set(port, bar);
    this.#stays.set(port, [{ address: bar.stays, since: now }]);
    return bar;
  }

  /** Whether sessions from an address are to be ended on sight. */
  isBarred(port: number, address: string | undefined, now: number): boolean {
    const bar = this.#bars.get(port);
    return bar !== undefined && bar.barred === address && now < bar.until;
  }
}

function barFor(port: number, stays: Stay[], now: number): Bar | undefined {
  const [first, second, third, fourth] = stays;
  if (!first || !second || !third || !fourth || now - second.since > WITHIN_MS) return undefined;
  const isBetweenTwo = first.address === third.address && second.address === fourth.address;
  if (!isBetweenTwo) return undefined;
  const heldByFirst = second.since - first.since + (fourth.since - third.since);
  const heldBySecond = third.since - second.since;
  const [stay, go] = heldByFirst >= heldBySecond ? [first, second] : [second, first];
  return { port, stays: stay.address, barred: go.address, until: now + BARRED_MS };
}
