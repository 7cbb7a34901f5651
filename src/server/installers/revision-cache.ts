interface Entry<Rendered> {
  revision: number;
  rendered: Rendered;
}

/**
 * The newest of what is rendered of each slot, by the revision that it was rendered at. Templates and
 * settings are fixed while the process runs, so template versions need no place in the key.
 *
 * Bounded by two generations: when the young one is full it becomes the old one, and what was not
 * asked for meanwhile is forgotten. Unlike in a true LRU, a hit writes nothing.
 */
export class SlotCache<Rendered> {
  readonly #capacity: number;
  #young = new Map<string, Entry<Rendered>>();
  #old = new Map<string, Entry<Rendered>>();

  /** At most `capacity` of them: a script has about 130 KB, a bundle 50 KB. */
  constructor(capacity = 500) {
    this.#capacity = capacity;
  }

  get(tunnel: string, slot: number, revision: number): Rendered | undefined {
    const key = keyOf(tunnel, slot);
    const young = this.#young.get(key);
    const entry = young ?? this.#old.get(key);
    if (entry?.revision !== revision) return undefined;
    if (!young) this.#add(key, entry);
    return entry.rendered;
  }

  set(tunnel: string, slot: number, revision: number, rendered: Rendered): void {
    this.#add(keyOf(tunnel, slot), { revision, rendered });
  }

  #add(key: string, entry: Entry<Rendered>): void {
    if (this.#young.size >= this.#capacity / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, entry);
  }
}

function keyOf(tunnel: string, slot: number): string {
  return slot === 1 ? tunnel : `${tunnel} ${slot}`;
}
