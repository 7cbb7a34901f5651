import { ProbeConnection } from './connection.ts';
import type { ProbeResult } from './result.ts';

/** A probe of one protocol, on a connection that is there. */
export type Probe = (connection: ProbeConnection) => Promise<ProbeResult>;

/**
 * A probe for a database that may want TLS from the first byte on: asked plainly, such a one answers
 * with an alert, which is no answer of its protocol, or closes. Then it is asked once more, under TLS.
 */
export function eitherWay(probe: Probe): (host: string, port: number) => Promise<ProbeResult> {
  return async (host, port) => {
    const plain = await ask(host, port, probe);
    if (!MAY_WANT_TLS.has(plain.reason)) return plain;
    const encrypted = await ask(host, port, async (connection) =>
      (await connection.startTls()) ? probe(connection) : plain,
    );
    return encrypted.reason === 'closed-at-once' ? plain : encrypted;
  };
}

const MAY_WANT_TLS = new Set(['wrong-protocol', 'closed-at-once']);

async function ask(host: string, port: number, probe: Probe): Promise<ProbeResult> {
  const connection = new ProbeConnection(host, port);
  try {
    return await probe(connection);
  } finally {
    connection.close();
  }
}
