import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../support/free-port.ts';

/** A way to a tunnel server that can be closed, as if that server were away. */
export class Front {
  readonly port: number;
  readonly #serverPort: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(port: number, serverPort: number) {
    this.port = port;
    this.#serverPort = serverPort;
  }

  static async to(serverPort: number): Promise<Front> {
    const front = new Front(await freePort(), serverPort);
    await front.open();
    return front;
  }

  async open(): Promise<void> {
    this.#server = createServer((socket) => this.#pass(socket)).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Ends what goes through it, and takes nothing new. */
  async close(): Promise<void> {
    this.#server?.close();
    this.drop();
    if (this.#server?.listening) await once(this.#server, 'close');
  }

  /** Ends what goes through it. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #pass(near: Socket): void {
    const far = connect(this.#serverPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
