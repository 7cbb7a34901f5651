import type { DatabaseType } from '../../domain/database.ts';
import type { ProbeResult, Prober } from '../probes/index.ts';
import type { AgentLog } from '../settings.ts';
import { pauseAfter } from './probe-pause.ts';
import type { Slot } from './slot.ts';
import type { SlotWatch } from './slot-watch.ts';

/**
 * No second sees more probes of the schedule begin than this: 10,000 tunnels once a minute are 167. It
 * counts when many sessions come up at once, and after a start of the agent, when all are new to it.
 */
const MOST_A_SECOND = 200;
const SECOND_MS = 1000;

/**
 * So often in a row a MySQL that does not greet is probed on demand, in place of the probes to come:
 * their number stays what it is, and does not block the proxy. See `LONGEST_MYSQL_MS`.
 */
const MOST_SILENCES = 8;

/** How a probe on demand went; `spared`: the last one has to do for now. */
export type Probed = 'done' | 'failed' | 'spared';

/** When a session is probed next. */
interface Turn {
  slot: Slot;
  /** Infinity while a probe is under way. */
  at: number;
  /** The one that is. */
  probing?: Promise<Probed>;
  isFirst: boolean;
  /** Probes in a row that the database left without an answer. */
  silences: number;
}

const NEW: Omit<Turn, 'slot'> = { at: 0, isFirst: true, silences: 0 };

export interface ProbeScheduleOptions {
  prober: Pick<Prober, 'probe'>;
  watch: Pick<SlotWatch, 'rowsByPort' | 'recordProbe'>;
  /** What tunnel ports listen on. */
  host: string;
  log: Pick<AgentLog, 'warn'>;
}

/** Probes each session when it comes up, and then again and again, as evenly as it can. */
export class ProbeSchedule {
  readonly #options: ProbeScheduleOptions;
  /** By session id. */
  #turns = new Map<string, Turn>();
  /** When probes of the last second began. */
  #begun: number[] = [];

  constructor(options: ProbeScheduleOptions) {
    this.#options = options;
  }

  /** Starts what is due: those that wait longest first, and new sessions before all others. */
  tick(slots: Map<number, Slot>): void {
    const turns = new Map<string, Turn>();
    // There may be far more slots than sessions, and this is asked many times a second.
    for (const [port, row] of this.#options.watch.rowsByPort()) {
      const slot = slots.get(port);
      if (!slot || row.session !== 'up') continue;
      turns.set(row.session_id, { ...(this.#turns.get(row.session_id) ?? NEW), slot });
    }
    this.#turns = turns;
    const now = Date.now();
    this.#begun = this.#begun.filter((at) => at > now - SECOND_MS);
    const due = [...turns].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at);
    // Those on demand come on top, and leave less for the others.
    const left = Math.max(0, MOST_A_SECOND - this.#begun.length);
    for (const [session, turn] of due.slice(0, left)) {
      this.#begin(turn, session);
    }
  }

  /**
   * Probes a session now, in place of its next turn, or waits for the probe that is under way. What
   * it saw is in the session's row.
   */
  async probeNow(session: string): Promise<Probed> {
    const turn = this.#turns.get(session);
    if (!turn) return 'failed';
    if (turn.probing) return turn.probing;
    const isSpared = turn.slot.database === 'mysql' && turn.silences >= MOST_SILENCES;
    return isSpared ? 'spared' : this.#begin(turn, session);
  }

  #begin(turn: Turn, session: string): Promise<Probed> {
    turn.at = Number.POSITIVE_INFINITY;
    this.#begun.push(Date.now());
    turn.probing = this.#probe(turn.slot, session);
    return turn.probing;
  }

  async #probe({ port, database: type, tunnel, number }: Slot, session: string): Promise<Probed> {
    const { prober, watch, host, log } = this.#options;
    const result = await prober.probe({ type, host, port });
    const before = watch.rowsByPort().get(port);
    if (result?.words !== undefined && before?.reason !== result.reason) {
      log.warn({ tunnel, slot: number, words: result.words }, 'a database refuses');
    }
    if (result) watch.recordProbe(port, session, result);
    this.#planNext(session, type, result);
    return result ? 'done' : 'failed';
  }

  #planNext(session: string, type: DatabaseType, result: ProbeResult | undefined): void {
    const turn = this.#turns.get(session);
    if (!turn) return;
    delete turn.probing;
    turn.silences = result?.reason === 'no-answer' ? turn.silences + 1 : 0;
    const { silences, isFirst } = turn;
    const answers = result?.database === 'answers';
    const tunnels = this.#turns.size;
    turn.at = Date.now() + pauseAfter({ type, answers, silences, isFirst, tunnels });
    turn.isFirst = false;
  }
}
