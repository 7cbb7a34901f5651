import { AgentHost, type Mode } from './agent-host.ts';
import { ControlPlane } from './control-plane.ts';
import { CustomerProxy } from './customer-proxy.ts';
import { FIRST_PORT, freePort, LAST_PORT } from './tunnel-port.ts';

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

  static async make(mode: Mode, options: { stateFolder?: string } = {}): Promise<World> {
    const agent = new AgentHost(mode, options.stateFolder);
    const controlPlane = new ControlPlane({
      login: agent.login,
      port: await freePort(),
      first_tunnel_port: FIRST_PORT,
      last_tunnel_port: LAST_PORT,
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

  /** The same, its key in place at the tunnel server. */
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
