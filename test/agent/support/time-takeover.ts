import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listeningPorts } from '../../../src/agent/system/listening-ports.ts';
import type { CustomerProxy } from './customer-proxy.ts';
import type { World } from './world.ts';

/** The socket that listens on a proxy's tunnel port, by its inode. */
export function socketOf({ key }: CustomerProxy): string | undefined {
  return listeningPorts('127.0.0.1').get(key.port)?.inode;
}

/**
 * Logs in once, whoever has the port; gives the milliseconds from sshd's "Accepted" until it listens
 * for the newcomer, or undefined when the client did not get it.
 */
export async function timeTakeover(
  world: World,
  proxy: CustomerProxy,
  databasePort: number,
): Promise<number | undefined> {
  const old = socketOf(proxy);
  const log = new Tail(join(world.agent.stateFolder, 'sshd.log'));
  const client = proxy.connect(databasePort);
  const isGone = () => client.exitCode !== null || client.signalCode !== null;
  try {
    while (!log.read().includes('Accepted publickey')) {
      assert.ok(!isGone(), 'the login failed');
      await sleep(1);
    }
    const accepted = performance.now();
    for (;;) {
      const socket = socketOf(proxy);
      if (socket !== undefined && socket !== old) return performance.now() - accepted;
      if (isGone()) return undefined;
      await sleep(1);
    }
  } finally {
    log.close();
  }
}

/** What comes to a file from now on. */
class Tail {
  readonly #file: number;
  #offset: number;
  #text = '';

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.#offset = statSync(path).size;
  }

  /** All that has come so far. */
  read(): string {
    const chunk = Buffer.alloc(1 << 16);
    const length = readSync(this.#file, chunk, 0, chunk.length, this.#offset);
    this.#offset += length;
    this.#text += chunk.toString('latin1', 0, length);
    return this.#text;
  }

  close(): void {
    closeSync(this.#file);
  }
}
