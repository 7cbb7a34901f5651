import { open, stat } from 'node:fs/promises';

const CHUNK = 1 << 20;
/** sshd cuts its messages at 1 KiB; more without an end is not a line of sshd's. */
const LONGEST_LINE = 1 << 14;

/**
 * Follows the log that sshd writes. The file is a peer of ours, never a pipe: sshd must not wait for
 * us. What a line says is a hint only, since a client's text can hold whole lines.
 */
export class SessionLog {
  readonly #path: string;
  /** Everything before was given back to the disk. */
  trimmed: number;
  #offset: number;
  #inode: number | undefined;

  constructor(path: string, offset = 0) {
    this.#path = path;
    this.trimmed = offset;
    this.#offset = offset;
  }

  /** Everything before has been read. */
  get offset(): number {
    return this.#offset;
  }

  /** The whole lines that came since the last call. */
  async read(): Promise<string[]> {
    const lines: string[] = [];
    if ((await this.#size()) === this.#offset) return lines;
    const file = await open(this.#path);
    try {
      for (;;) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, this.#offset);
        const end = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
        if (end > 0) lines.push(...buffer.toString('latin1', 0, end).trimEnd().split(/\r?\n/));
        this.#offset += end > 0 || bytesRead < LONGEST_LINE ? end : bytesRead;
        if (bytesRead < CHUNK) return lines;
      }
    } finally {
      await file.close();
    }
  }

  async #size(): Promise<number> {
    const { ino, size } = await stat(this.#path);
    // Somebody put another file in its place, or cut it.
    const isOther = this.#inode !== undefined && ino !== this.#inode;
    if (isOther || size < this.#offset) this.#offset = this.trimmed = 0;
    this.#inode = ino;
    return size;
  }
}
