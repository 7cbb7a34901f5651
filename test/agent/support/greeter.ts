import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server, on 127.0.0.1 unless told otherwise, that says something to whoever comes. */
export async function startGreeter(
  greet: (socket: Socket) => void = (socket) => socket.end('hello'),
  host = '127.0.0.1',
): Promise<{ port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    greet(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** What is heard at a port until the other side closes; undefined when nobody listens. */
export async function listenTo(port: number, host = '127.0.0.1'): Promise<string | undefined> {
  const socket = connect({ host, port, timeout: 5000 });
  socket.on('timeout', () => socket.destroy());
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1');
  });
  return await new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve(undefined);
    });
    socket.on('close', () => resolve(heard));
  });
}

/** Whether anybody listens on a port of 127.0.0.1. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Waits until somebody listens on a port (or, as asked, nobody), for a minute at most. */
export async function untilOpen(port: number, wanted = true): Promise<void> {
  for (const end = Date.now() + 60_000; (await isOpen(port)) !== wanted; await sleep(5)) {
    if (Date.now() > end) throw new Error(`port ${port} is ${wanted ? 'not' : 'still'} open`);
  }
}
