import type { AgentKey, AgentState } from '../../domain/agent-protocol.ts';
import { keysDigest } from '../../domain/keys-digest.ts';
import { type KeyFile, openKeyFile, readKeyFile } from './key-file.ts';
import type { KeyFolder } from './key-folder.ts';

/** One line of printable ASCII: a second line would be a second key. */
const KEY_LINE = /^[\x20-\x7e]{1,4096}$/;

/** The keys that may log in, the same in memory, in a list on disk, and in the folder that sshd reads. */
export class KeyList {
  readonly #file: KeyFile;
  readonly #folder: KeyFolder;
  #keys = new Map<string, AgentKey>();
  #revision = 0;
  /** Kept: every report states it, and over 100,000 keys it takes a tenth of a second. */
  #digest = keysDigest([]);

  private constructor(file: KeyFile, folder: KeyFolder) {
    this.#file = file;
    this.#folder = folder;
  }

  /** Takes up the list as it was left, and puts the folder right: no control plane is needed. */
  static async open(path: string, folder: KeyFolder): Promise<KeyList> {
    const list = new KeyList(openKeyFile(path), folder);
    const saved = await readKeyFile(path);
    if (saved) {
      list.#keys = saved.keys;
      list.#revision = saved.revision;
      list.#digest = keysDigest(list.#keys.keys());
    }
    await folder.fill(list.#keys.values());
    return list;
  }

  /** The revision whose keys are all in the folder. */
  get revision(): number {
    return this.#revision;
  }

  get digest(): string {
    return this.#digest;
  }

  get(fingerprint: string): AgentKey | undefined {
    return this.#keys.get(fingerprint);
  }

  all(): Iterable<AgentKey> {
    return this.#keys.values();
  }

  /**
   * Takes over what the control plane said. False when the result is not what it has: then a full
   * state is needed. `onRemoved` is called as soon as removed keys let nobody in any more: revocation
   * does not wait for a disk.
   */
  async apply(state: AgentState, onRemoved = (_gone: AgentKey[]) => {}): Promise<boolean> {
    const keys = state.full ? new Map<string, AgentKey>() : new Map(this.#keys);
    const added = state.keys.filter((key) => KEY_LINE.test(key.line));
    for (const fingerprint of state.removed) keys.delete(fingerprint);
    for (const key of added) keys.set(key.fingerprint, key);
    if (keysDigest(keys.keys()) !== state.digest) return false;

    const gone = [...this.#keys.values()].filter(({ fingerprint }) => !keys.has(fingerprint));
    for (const { fingerprint } of gone) await this.#folder.remove(fingerprint);
    this.#keys = keys;
    this.#digest = state.digest;
    if (gone.length > 0) onRemoved(gone);
    // Before what is added: after a crash in between, the folder is made from it.
    const { revision, removed } = state;
    if (state.full) {
      await this.#file.replace({ revision, keys });
      await this.#folder.fill(keys.values());
    } else {
      await this.#file.append({ revision, keys: added, removed }, keys);
      for (const key of added) await this.#folder.put(key);
    }
    this.#revision = revision;
    return true;
  }
}
