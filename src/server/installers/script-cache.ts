import type { Script } from './script.ts';

interface Entry {
  revision: number;
  script: Script;
}

/**
 * The newest script of each slot for one platform, by the revision that it was rendered at. Templates and settings
 * are fixed while the process runs, so template versions need no place in the key.
 *
 * Bounded by two generations: when the young one is full it becomes the old one, and what was not
 * asked for meanwhile is forgotten. Unlike in a true LRU, a hit writes nothing.
 */
export class ScriptCache {
  readonly #capacity: number;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();

  /** At most `capacity` scripts, about 40 KB each. */
  constructor(capacity = 500) {
    this.#capacity = capacity;
  }

  get(tunnel: string, slot: number, revision: number): Script | undefined {
    const key = keyOf(tunnel, slot);
    const young = this.#young.get(key);
    const entry = young ?? this.#old.get(key);
    if (entry?.revision !== revision) return undefined;
    if (!young) this.#add(key, entry);
    return entry.script;
  }

  set(tunnel: string, slot: number, revision: number, script: Script): void {
    this.#add(keyOf(tunnel, slot), { revision, script });
  }

  #add(key: string, entry: Entry): void {
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
