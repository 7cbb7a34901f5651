import type { DatabaseType } from '../../domain/database.ts';
import type { ProbeResult, Prober } from '../probes/index.ts';
import type { AgentLog } from '../settings.ts';
import { pauseAfter } from './probe-pause.ts';
import type { Slot } from './slot.ts';
import type { SlotWatch } from './slot-watch.ts';

/**
 * No second sees more probes begin than this: 10,000 tunnels once a minute are 167. It counts when
 * many sessions come up at once, and after a start of the agent, when all of them are new to it.
 */
const MOST_A_SECOND = 200;
const SECOND_MS = 1000;

/** When a session is probed next. */
interface Turn {
  slot: Slot;
  /** Infinity while a probe is under way. */
  at: number;
  isFirst: boolean;
  /** Probes in a row that the database left without an answer. */
  silences: number;
}

const NEW: Omit<Turn, 'slot'> = { at: 0, isFirst: true, silences: 0 };

export interface ProbeScheduleOptions {
  prober: Pick<Prober, 'probe'>;
  watch: Pick<SlotWatch, 'rowOf' | 'recordProbe'>;
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
    for (const slot of slots.values()) {
      const row = this.#options.watch.rowOf(slot.port);
      if (row?.session !== 'up') continue;
      turns.set(row.session_id, { ...(this.#turns.get(row.session_id) ?? NEW), slot });
    }
    this.#turns = turns;
    const now = Date.now();
    this.#begun = this.#begun.filter((at) => at > now - SECOND_MS);
    const due = [...turns].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at);
    for (const [session, turn] of due.slice(0, MOST_A_SECOND - this.#begun.length)) {
      turn.at = Number.POSITIVE_INFINITY;
      this.#begun.push(now);
      this.#probe(turn.slot, session);
    }
  }

  async #probe({ port, database: type, tunnel, number }: Slot, session: string): Promise<void> {
    const { prober, watch, host, log } = this.#options;
    const result = await prober.probe({ type, host, port });
    const before = watch.rowOf(port);
    if (result?.words !== undefined && before?.reason !== result.reason) {
      log.warn({ tunnel, slot: number, words: result.words }, 'a database refuses');
    }
    if (result) watch.recordProbe(port, session, result);
    this.#planNext(session, type, result);
  }

  #planNext(session: string, type: DatabaseType, result: ProbeResult | undefined): void {
    const turn = this.#turns.get(session);
    if (!turn) return;
    turn.silences = result?.reason === 'no-answer' ? turn.silences + 1 : 0;
    const { silences, isFirst } = turn;
    const answers = result?.database === 'answers';
    const tunnels = this.#turns.size;
    turn.at = Date.now() + pauseAfter({ type, answers, silences, isFirst, tunnels });
    turn.isFirst = false;
  }
}
