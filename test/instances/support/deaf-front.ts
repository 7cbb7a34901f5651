import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/**
 * A way to PostgreSQL on which nobody hears of changes, as through a pooler: the connections that
 * listen get their first answers, and nothing after them.
 */
export interface DeafFront extends AsyncDisposable {
  /** The address of the same database through it. */
  url: string;
  /** How many connections were made deaf. */
  deafened(): number;
}

const LISTENS = /listen culvert_changes/;

export async function startDeafFront(store: string): Promise<DeafFront> {
  const { hostname, port } = new URL(store);
  let deafened = 0;
  const server = createServer((client) => {
    const database = connect(Number(port), hostname);
    let isListening = false;
    client.on('data', (bytes) => {
      if (LISTENS.test(bytes.toString('latin1'))) {
        isListening = true;
        deafened += 1;
        database.once('data', (answer) => client.write(answer));
      }
      database.write(bytes);
    });
    database.on('data', (bytes) => isListening || client.write(bytes));
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(store);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    deafened: () => deafened,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
