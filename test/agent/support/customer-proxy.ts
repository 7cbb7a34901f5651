import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentKey } from '../../../src/domain/agent-protocol.ts';
import type { DatabaseType } from '../../../src/domain/database.ts';
import { newId } from '../../../src/domain/id.ts';
import { parsePublicKey } from '../../../src/domain/public-key.ts';
import { authorizedKeyLine } from '../../../src/render/index.ts';
import { run } from './run.ts';

/** A customer's proxy with the real ssh: one key, one tunnel port. */
export class CustomerProxy {
  readonly key: AgentKey;
  /** Path of the private key. */
  readonly identity: string;
  readonly #server: { port: number; login: string };
  readonly #folder: string;
  #clients: ChildProcess[] = [];

  private constructor(
    key: AgentKey,
    identity: string,
    server: { port: number; login: string },
    folder: string,
  ) {
    this.key = key;
    this.identity = identity;
    this.#server = server;
    this.#folder = folder;
  }

  static async make(options: {
    folder: string;
    server: { port: number; login: string };
    port: number;
    database?: DatabaseType;
    tunnel?: string;
    /** That it may log in from, of this machine. */
    sources?: string[];
  }): Promise<CustomerProxy> {
    const { folder, server, port, database = 'tcp', tunnel = newId('tun'), sources = [] } = options;
    const identity = join(folder, `key-${newId('key')}`);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identity]);
    const [type, blob] = readFileSync(`${identity}.pub`, 'utf8').split(' ') as [string, string];
    const { fingerprint } = parsePublicKey(`${type} ${blob}`);
    const line = authorizedKeyLine({
      bind_address: '127.0.0.1',
      tunnel_port: port,
      sources,
      key: { type: type as 'ssh-ed25519', blob },
      tunnel,
    });
    const key = { fingerprint, tunnel, slot: 1, port, line, database };
    return new CustomerProxy(key, identity, server, folder);
  }

  /** What every call of ssh needs; `program` is ssh or sftp. */
  arguments(...more: string[]): string[] {
    const options = [
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=accept-new',
      `UserKnownHostsFile=${join(this.#folder, 'known_hosts')}`,
      'GlobalKnownHostsFile=/dev/null',
      'ConnectTimeout=5',
      'LogLevel=ERROR',
      `Port=${this.#server.port}`,
    ].flatMap((option) => ['-o', option]);
    return ['-F', 'none', '-i', this.identity, ...options, ...more, this.target];
  }

  get target(): string {
    return `${this.#server.login}@127.0.0.1`;
  }

  /** Opens the tunnel to a database on this machine and leaves it open; `more` are options of ssh. */
  connect(databasePort: number, ...more: string[]): ChildProcess {
    const forward = `${this.key.port}:127.0.0.1:${databasePort}`;
    return this.logIn('-o', 'ExitOnForwardFailure=yes', '-R', forward, ...more);
  }

  /** Logs in and stays, without asking for its port. */
  logIn(...more: string[]): ChildProcess {
    const client = spawn('ssh', this.arguments('-N', ...more), { stdio: 'ignore' });
    this.#clients.push(client);
    return client;
  }

  /** How many of its clients run. */
  get running(): number {
    return this.#running().length;
  }

  /** Sends a signal to every client that runs. */
  signal(signal: NodeJS.Signals): void {
    for (const client of this.#running()) client.kill(signal);
  }

  /** Ends the clients that came before the last one. */
  async endEarlier(): Promise<void> {
    const last = this.#clients.pop();
    await this.disconnect('SIGKILL');
    if (last) this.#clients.push(last);
  }

  #running(): ChildProcess[] {
    return this.#clients.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
  }

  /** Ends every tunnel that it opened. */
  async disconnect(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = this.#running();
    this.#clients = [];
    await Promise.all(
      running.map((client) => {
        client.kill(signal);
        // One that is frozen hears of it then.
        client.kill('SIGCONT');
        return once(client, 'exit');
      }),
    );
  }
}
