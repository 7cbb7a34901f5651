import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listeningPorts } from '../../../src/agent/system/listening-ports.ts';
import { checkInstallerInput, loadCatalogue } from '../../../src/render/index.ts';
import { renderKnownHosts } from '../../../src/render/known-hosts.ts';
import { renderSshConfig } from '../../../src/render/ssh-config.ts';
import { SAMPLE } from '../../support/sample-input.ts';
import type { CustomerProxy } from './customer-proxy.ts';
import type { World } from './world.ts';

/** As the unit's `RestartSec`. */
const RESTART_MS = 5000;
/** As the unit's environment. */
const ENVIRONMENT = { ...process.env, AUTOSSH_GATETIME: '0', AUTOSSH_POLL: '5', SHELL: '/bin/sh' };
/** The same process goes on as what the words say, once its input ends. */
const WAIT_FOR_START = 'read -r _; exec "$0" "$@" </dev/null';
const POLL_MS = 100;

export interface StormOptions {
  folder: string;
  server: { port: number; login: string };
  /** Public host keys: the server's, and another. */
  hostKeys: { active: string; spare: string };
  proxies: Pick<CustomerProxy, 'key' | 'identity'>[];
  /** Where a proxy comes from: an address of this machine. */
  addressOf?: (index: number) => string;
  /** Port of the databases; each proxy's is at the address that `addressOfProxy` gives. */
  databasePort: number;
}

/** A loopback address for each proxy, as different customers have. */
export function addressOfProxy(index: number): string {
  return `127.7.${index >> 8}.${index & 255}`;
}

/** Many proxies at once, each with the ssh_config that we render and a supervisor as on a proxy. */
export class Storm {
  /** What ssh said, each text with its count; numbers and addresses left out. */
  readonly said = new Map<string, number>();
  readonly #configs: string[];
  readonly #ports: number[];
  #supervisors: Supervisor[] = [];

  private constructor(configs: string[], ports: number[]) {
    this.#configs = configs;
    this.#ports = ports;
  }

  /** Of proxies of a world whose agent has joined. */
  static of({ agent, controlPlane }: World, proxies: CustomerProxy[], databasePort: number): Storm {
    const [join] = controlPlane.joins;
    if (!join) throw new Error('no agent has joined');
    const { folder, login } = agent;
    const server = { port: controlPlane.region.port, login };
    return Storm.make({ folder, server, hostKeys: join.host_keys, proxies, databasePort });
  }

  /** Writes what each proxy has, and starts none. */
  static make(options: StormOptions): Storm {
    const { proxies, server, hostKeys, databasePort, addressOf = addressOfProxy } = options;
    const catalogue = loadCatalogue();
    const folder = join(options.folder, `storm-${server.port}`);
    mkdirSync(folder);
    const known_hosts_file = join(folder, 'known_hosts');
    const configs = proxies.map(({ key, identity }, index) => {
      const input = checkInstallerInput({
        ...SAMPLE,
        tunnel_port: key.port,
        region: { ...SAMPLE.region, ...server, alternate_ports: [] },
        servers: [{ host: '127.0.0.1', aliases: [], host_keys: hostKeys }],
        database: { type: 'tcp', host: addressOfProxy(index), port: databasePort },
      });
      writeFileSync(known_hosts_file, renderKnownHosts(catalogue, input));
      const [config, local_config] = [
        join(folder, `${key.port}`),
        join(folder, `${key.port}.local`),
      ];
      writeFileSync(local_config, `BindAddress ${addressOf(index)}\n`);
      const places = { identity_file: identity, known_hosts_file, local_config };
      writeFileSync(config, renderSshConfig(catalogue, input, { ...places, log_level: '' }));
      return config;
    });
    return new Storm(
      configs,
      proxies.map(({ key }) => key.port),
    );
  }

  /** Starts them all at the same moment, every second one under autossh. */
  start(): void {
    this.#supervisors = this.#configs.map((config, index) =>
      this.#prepare(config, index % 2 === 1),
    );
    for (const { first } of this.#supervisors) first.stdin?.end();
  }

  /** How many supervisors have not given up. */
  get supervised(): number {
    return this.#supervisors.filter(({ isRunning }) => isRunning()).length;
  }

  /** How many of them have their port. */
  get listening(): number {
    const listeners = listeningPorts('127.0.0.1');
    return this.#ports.filter((port) => listeners.has(port)).length;
  }

  /** Waits until so many of them have their port; gives the milliseconds. */
  async until(count: number, within: number): Promise<number> {
    const started = performance.now();
    for (; this.listening !== count; await sleep(POLL_MS)) {
      if (performance.now() - started < within) continue;
      const said = JSON.stringify([...this.said]);
      throw new Error(`after ${within} ms ${this.listening} listen, not ${count}; ssh: ${said}`);
    }
    return performance.now() - started;
  }

  /** Ends them all, and waits until their ports are closed. */
  async stop(): Promise<void> {
    await Promise.all(this.#supervisors.map(({ end }) => end()));
    this.#supervisors = [];
    await this.until(0, 60_000);
  }

  /** A supervisor that waits for the end of its first program's input. */
  #prepare(config: string, withAutossh: boolean): Supervisor {
    const command = ['ssh', '-N', '-T', '-F', config, 'tunnel'];
    if (withAutossh) command.splice(0, 1, 'autossh', '-M', '0');
    let child = this.#spawn('sh', ['-c', WAIT_FOR_START, ...command]);
    const first = child;
    const ended = new AbortController();
    const hasExited = () => child.exitCode !== null || child.signalCode !== null;
    const restart = async () => {
      while (!ended.signal.aborted) {
        if (!hasExited()) await once(child, 'exit');
        await sleep(RESTART_MS, undefined, { signal: ended.signal }).catch(() => {});
        if (!ended.signal.aborted) child = this.#spawn('ssh', command.slice(1));
      }
    };
    if (!withAutossh) void restart();
    return {
      first,
      isRunning: () => !withAutossh || !hasExited(),
      async end() {
        ended.abort();
        child.kill();
        if (!hasExited()) await once(child, 'exit');
      },
    };
  }

  #spawn(program: string, words: string[]): ChildProcess {
    // However this process ends, they end, too. Each is a session of its own, as each connection of
    // sshd is: the kernel gives every session the same share of the CPU (sched(7), autogroup).
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', program, ...words], {
      detached: true,
      env: ENVIRONMENT,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin?.on('error', () => {});
    child.stderr?.on('data', (bytes: Buffer) => {
      for (const line of bytes.toString('latin1').trim().split(/\s*\n/)) {
        const text = line.replace(/[\d.]*\d/g, '#');
        this.said.set(text, (this.said.get(text) ?? 0) + 1);
      }
    });
    return child;
  }
}

/** What keeps one proxy's ssh running. */
interface Supervisor {
  first: ChildProcess;
  isRunning(): boolean;
  end(): Promise<void>;
}
