import { printable } from '../system/printable.ts';

/** `channels.c`'s form with LogVerbose; OpenSSH 9.8 and later name the binary too. */
const LINE =
  /^channels\.c:channel_input_open_failure\(\):\d+ \((?:bin=[\w-]+, )?(?:uid=\d+, )?pid=(\d{1,10})\): channel \d+: open failed: (.*)$/;
/** As many characters are kept. */
const MOST_CHARACTERS = 200;

/** Why the ssh of a proxy opened no connection to its database, while somebody wants to know. */
export interface Listening {
  /** What it said last: printable, and a stranger's words all the same. Empty: nothing. */
  said(): string;
  stop(): void;
}

/**
 * What sshd logs when a proxy's ssh opens no connection for us. The reason comes from the proxy, and
 * whoever reaches sshd can write such lines: it is for people to read, and nothing follows from it.
 */
export class OpenFailures {
  /** By the process of the session, for those that somebody listens to: others may fail all day. */
  readonly #said = new Map<number, { words: string; listeners: number }>();

  /** Listens to the session whose user's process that is. */
  listenTo(pid: number): Listening {
    const entry = this.#said.get(pid) ?? { words: '', listeners: 0 };
    entry.listeners += 1;
    this.#said.set(pid, entry);
    return {
      said: () => entry.words,
      stop: () => {
        entry.listeners -= 1;
        if (entry.listeners === 0) this.#said.delete(pid);
      },
    };
  }

  /** Takes in a line of sshd's log. */
  note(line: string): void {
    if (this.#said.size === 0) return;
    const [, pid, words = ''] = LINE.exec(line) ?? [];
    const entry = pid === undefined ? undefined : this.#said.get(Number(pid));
    if (entry) entry.words = printable(words, MOST_CHARACTERS);
  }
}
