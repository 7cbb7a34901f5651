import { freePort } from '../../support/free-port.ts';
import { AgentHost, type Mode } from './agent-host.ts';
import { ControlPlane } from './control-plane.ts';
import { CustomerProxy } from './customer-proxy.ts';
import { FIRST_PORT, LAST_PORT } from './tunnel-port.ts';

/** Keys that are made side by side. */
const AT_ONCE = 16;

let nextPort = FIRST_PORT;

/** A control plane and a tunnel server; proxies as asked for. */
export class World {
  readonly controlPlane: ControlPlane;
  readonly agent: AgentHost;
  readonly #proxies: CustomerProxy[] = [];

  private constructor(controlPlane: ControlPlane, agent: AgentHost) {
    this.controlPlane = controlPlane;
    this.agent = agent;
  }

  /**
   * `tunnelPorts`: the region's first and last, where the usual hundred will not do. `agentModule`:
   * where the agent is not to run from its source.
   */
  static async make(
    mode: Mode,
    options: { stateFolder?: string; tunnelPorts?: [number, number]; agentModule?: string } = {},
  ): Promise<World> {
    const agent = new AgentHost(mode, options.stateFolder, options.agentModule);
    const [first_tunnel_port, last_tunnel_port] = options.tunnelPorts ?? [FIRST_PORT, LAST_PORT];
    const controlPlane = new ControlPlane({
      login: agent.login,
      port: await freePort(),
      first_tunnel_port,
      last_tunnel_port,
      bind_address: '127.0.0.1',
    });
    await controlPlane.start();
    return new World(controlPlane, agent);
  }

  async startAgent(): Promise<void> {
    await this.agent.start(this.controlPlane.url);
  }

  /** A proxy with a slot of its own (or another's, for a second key), not yet enrolled. */
  async proxy(
    options: Pick<Parameters<typeof CustomerProxy.make>[0], 'database' | 'tunnel' | 'sources'> & {
      port?: number;
    } = {},
  ): Promise<CustomerProxy> {
    const { login, port: sshPort } = this.controlPlane.region;
    const port = options.port ?? nextPort++;
    const server = { port: sshPort, login };
    const proxy = await CustomerProxy.make({ folder: this.agent.folder, server, ...options, port });
    this.#proxies.push(proxy);
    return proxy;
  }

  /** So many proxies, not yet enrolled, on tunnel ports that follow each other. */
  async proxies(count: number, firstPort: number): Promise<CustomerProxy[]> {
    const proxies: CustomerProxy[] = [];
    while (proxies.length < count) {
      const ports = Array.from({ length: AT_ONCE }, (_, more) => firstPort + proxies.length + more);
      const some = ports.slice(0, count - proxies.length).map((port) => this.proxy({ port }));
      proxies.push(...(await Promise.all(some)));
    }
    return proxies;
  }

  /** A proxy, its key in place at the tunnel server. */
  async enrolled(options: Parameters<World['proxy']>[0] = {}): Promise<CustomerProxy> {
    const proxy = await this.proxy(options);
    this.controlPlane.addKey(proxy.key);
    await this.controlPlane.applied();
    return proxy;
  }

  async remove(): Promise<void> {
    for (const proxy of this.#proxies) await proxy.disconnect();
    await this.agent.remove();
    await this.controlPlane.stop();
  }
}
