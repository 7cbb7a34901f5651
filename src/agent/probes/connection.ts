import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** A database gets this long for all that it says. */
const REPLY_TIMEOUT_MS = 5000;
/** A database may say this much. */
const MOST_BYTES = 4096;

/** Why bytes did not come. */
export type NoReply = 'refused' | 'closed' | 'silent' | 'too-much';

/** A connection to a tunnel port that keeps to the limits of a probe. */
export class ProbeConnection {
  readonly #timeout = AbortSignal.timeout(REPLY_TIMEOUT_MS);
  #stream: Duplex;
  #received = Buffer.alloc(0);
  #total = 0;
  #ended: NoReply | undefined;
  #wake = () => {};

  constructor(host: string, port: number) {
    this.#stream = connect({ host, port, noDelay: true });
    this.#listen();
    this.#timeout.addEventListener('abort', () => this.#end('silent'));
  }

  /** True while nothing has come that was not read. */
  get isDrained(): boolean {
    return this.#received.length === 0;
  }

  send(bytes: Buffer): void {
    this.#stream.write(bytes);
  }

  /** Takes the next `length` bytes, or says why they will not come. */
  read(length: number): Promise<Buffer | NoReply> {
    return this.#take((received) => (received.length < length ? undefined : length));
  }

  /** Takes what comes up to and with `end`, or says why that will not come. */
  readThrough(end: string): Promise<Buffer | NoReply> {
    return this.#take((received) => {
      const at = received.indexOf(end);
      return at < 0 ? undefined : at + end.length;
    });
  }

  /** Goes on under TLS; false when that fails. Who it is does not matter: nothing secret is said. */
  async startTls(): Promise<boolean> {
    const plain = this.#stream;
    for (const event of ['data', 'error', 'close']) plain.removeAllListeners(event);
    const options = { socket: plain, rejectUnauthorized: false, minVersion: 'TLSv1' } as const;
    const secure = connectTls({ ...options, ciphers: 'DEFAULT@SECLEVEL=0' });
    this.#stream = secure;
    this.#listen();
    try {
      await once(secure, 'secureConnect', { signal: this.#timeout });
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#stream.destroy();
  }

  async #take(lengthOf: (received: Buffer) => number | undefined): Promise<Buffer | NoReply> {
    let length = lengthOf(this.#received);
    while (length === undefined) {
      if (this.#ended) return this.#ended;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      length = lengthOf(this.#received);
    }
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  #listen(): void {
    this.#stream.on('data', (bytes: Buffer) => {
      const room = MOST_BYTES - this.#total;
      this.#total += bytes.length;
      this.#received = Buffer.concat([this.#received, bytes.subarray(0, Math.max(0, room))]);
      if (bytes.length > room) this.#end('too-much');
      this.#wake();
    });
    this.#stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#end(error.code === 'ECONNREFUSED' ? 'refused' : 'closed');
    });
    this.#stream.on('close', () => this.#end('closed'));
  }

  #end(why: NoReply): void {
    this.#ended ??= why;
    this.#wake();
  }
}
