import type { Prober } from '../probes/index.ts';
import type { Slot } from './slot.ts';
import type { SlotWatch } from './slot-watch.ts';

const EVERY_MS = 20_000;
const EVERY_MS_WHILE_NOT_ANSWERING = 10_000;
/** Above this many tunnels a host probes each of them once a minute: a probe costs 0.5 ms of CPU. */
const MANY = 3000;
const EVERY_MS_WITH_MANY = 60_000;

/** Probes each session when it comes up, and then again and again. */
export class ProbeSchedule {
  readonly #prober: Prober;
  readonly #watch: SlotWatch;
  readonly #host: string;
  /** By session id: when the next probe is due; Infinity while one is under way. */
  #due = new Map<string, number>();

  constructor(prober: Prober, watch: SlotWatch, host: string) {
    this.#prober = prober;
    this.#watch = watch;
    this.#host = host;
  }

  /** Starts what is due. */
  tick(slots: Map<number, Slot>): void {
    const due = new Map<string, number>();
    const now = Date.now();
    for (const slot of slots.values()) {
      const row = this.#watch.rowOf(slot.port);
      if (row?.session !== 'up') continue;
      const at = this.#due.get(row.session_id) ?? now;
      due.set(row.session_id, at > now ? at : Number.POSITIVE_INFINITY);
      if (at <= now) this.#probe(slot, row.session_id);
    }
    this.#due = due;
  }

  async #probe({ port, database: type }: Slot, session: string): Promise<void> {
    const result = await this.#prober.probe({ type, host: this.#host, port });
    if (result) this.#watch.recordProbe(port, session, result);
    if (!this.#due.has(session)) return;
    this.#due.set(session, Date.now() + this.#pause(result?.database === 'answers'));
  }

  #pause(answers: boolean): number {
    if (this.#due.size > MANY) return EVERY_MS_WITH_MANY;
    return answers ? EVERY_MS : EVERY_MS_WHILE_NOT_ANSWERING;
  }
}
