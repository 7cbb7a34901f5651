import type { AgentReport } from '../domain/agent-protocol.ts';
import { randomCharacters } from '../domain/id.ts';
import { persist } from './persist.ts';
import type { SlotRow } from './sessions/slot-watch.ts';
import type { AgentLog } from './settings.ts';
import { Bell } from './system/bell.ts';

/** A sign of life at least this often; after 30 s without, the control plane knows nothing. */
const HEARTBEAT_MS = 5000;
const FULL_EVERY_MS = 60_000;
/** Changes that come together go together. */
const GATHER_MS = 10;

export interface ReporterOptions {
  /** Every slot that is not down, for a full report. */
  rows: () => SlotRow[];
  applied: () => { revision: number; digest: string };
  send: (report: AgentReport) => Promise<{ full: boolean }>;
  log: AgentLog;
}

/** Tells the control plane what changes, at once, and everything now and then. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #boot = randomCharacters(26);
  readonly #bell = new Bell();
  #changed = new Map<string, SlotRow>();
  #seq = 0;
  #fullAt = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Notes a row; it goes out now when urgent, else with the next report. */
  note(row: SlotRow, urgent: boolean): void {
    this.#changed.set(`${row.tunnel} ${row.slot}`, row);
    if (urgent) this.#bell.ring();
  }

  /** Reports now. */
  hurry(): void {
    this.#bell.ring();
  }

  /** Reports until `signal`; `onFirst` is called when the first report has arrived. */
  async run(signal: AbortSignal, onFirst: () => void): Promise<void> {
    const { log } = this.#options;
    while (!signal.aborted) {
      await persist('reporting', () => this.#report(), { signal, log, forever: true });
      onFirst();
      await this.#bell.wait(HEARTBEAT_MS, signal);
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    }
  }

  async #report(): Promise<void> {
    const { rows, applied, send } = this.#options;
    const full = Date.now() >= this.#fullAt;
    const changed = this.#changed;
    this.#changed = new Map();
    const { revision, digest } = applied();
    const slots = full ? rows() : [...changed.values()];
    this.#seq += 1;
    const report = { boot: this.#boot, seq: this.#seq, applied: revision, digest, full, slots };
    try {
      const answer = await send(report);
      if (full) this.#fullAt = Date.now() + FULL_EVERY_MS;
      if (answer.full) {
        this.#fullAt = 0;
        this.#bell.ring();
      }
    } catch (error) {
      this.#changed = new Map([...changed, ...this.#changed]);
      throw error;
    }
  }
}
