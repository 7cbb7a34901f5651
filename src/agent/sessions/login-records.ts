import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import type { ProcessIdentity } from '../system/process-table.ts';
import { tableEndpoint } from '../system/table-address.ts';

/** A login as the hook has recorded it, before its session began. */
export interface LoginRecord {
  port: number;
  /** sshd's privileged process of the connection. */
  monitor: ProcessIdentity;
  /** 64 hex digits. */
  fingerprint: string;
  address: string;
  /** The client's end of the connection as the kernel's tables print it, where sshd has told it. */
  peer?: string;
}

/** A hook of an earlier version gives no port. */
const RECORD =
  /^([1-9]\d{0,9}) (\d{1,18}) ([A-Za-z0-9+/]{43}) ([0-9a-fA-F.:]{0,45})(?: (\d{0,5}))?\n$/;

/**
 * What the login hook records: a file for each tunnel port, with the session that has it. Root alone
 * can write there, so it is the truth, which no line of a log is.
 */
export class LoginRecords {
  readonly #folder: string;
  /** Ports whose record may have changed; undefined: any. */
  #changed: Set<number> | undefined;
  #watcher: FSWatcher | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Follows the folder: `onChange` is called when there is something to read. */
  follow(onChange: () => void): void {
    try {
      this.#watcher = watch(this.#folder, { persistent: false }, (_, file) => {
        if (file === null) this.#changed = undefined;
        else this.#changed?.add(Number(file));
        onChange();
      });
      this.#watcher.on('error', () => this.stop());
    } catch {
      // Where the kernel cannot watch it, all of it is read each time.
    }
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#changed = undefined;
  }

  /** The records that may have changed since the last call: all of them at the first. */
  changed(): LoginRecord[] {
    const ports = this.#changed ?? readdirSync(this.#folder).map(Number);
    this.#changed = this.#watcher ? new Set() : undefined;
    return [...ports].flatMap((port) => this.read(port) ?? []);
  }

  /** Who has a port; undefined also while the hook is writing it. */
  read(port: number): LoginRecord | undefined {
    let text: string;
    try {
      text = readFileSync(join(this.#folder, String(port)), 'latin1');
    } catch {
      return undefined;
    }
    const [, pid, start, base64 = '', address = '', clientPort] = RECORD.exec(text) ?? [];
    if (pid === undefined) return undefined;
    return {
      port,
      monitor: { pid: Number(pid), start: Number(start) },
      fingerprint: Buffer.from(base64, 'base64').toString('hex'),
      address,
      ...(clientPort && isIPv4(address) && { peer: tableEndpoint(address, Number(clientPort)) }),
    };
  }
}
