interface Entry<Value> {
  revision: number;
  value: Value;
}

/**
 * The newest of what was made for each key, by the region's revision at which it was made. Templates
 * and settings are fixed while the process runs, so template versions need no place in the key.
 *
 * Bounded by two generations: when the young one is full it becomes the old one, and what was not
 * asked for meanwhile is forgotten. Unlike in a true LRU, a hit writes nothing.
 */
export class RevisionCache<Value> {
  readonly #capacity: number;
  #young = new Map<string, Entry<Value>>();
  #old = new Map<string, Entry<Value>>();

  /** At most `capacity` of them. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string, revision: number): Value | undefined {
    const young = this.#young.get(key);
    const entry = young ?? this.#old.get(key);
    if (entry?.revision !== revision) return undefined;
    if (!young) this.#add(key, entry);
    return entry.value;
  }

  set(key: string, revision: number, value: Value): void {
    this.#add(key, { revision, value });
  }

  #add(key: string, entry: Entry<Value>): void {
    if (this.#young.size >= this.#capacity / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, entry);
  }
}
