import type { CustomerProxy } from '../../agent/support/customer-proxy.ts';
import { World } from '../../agent/support/world.ts';
import { TunnelFolder, type TunnelSettings } from './tunnel-folder.ts';

/** The vendor's side: a real tunnel server, and folders of tunnels that it lets in. */
export class Vendor {
  readonly world: World;

  private constructor(world: World) {
    this.world = world;
  }

  static async make(): Promise<Vendor> {
    const world = await World.make('user');
    await world.startAgent();
    return new Vendor(world);
  }

  get port(): number {
    return this.world.controlPlane.region.port;
  }

  /** A tunnel whose key is in place, to a database on this machine. */
  async tunnel(
    data: string,
    name: string,
    databasePort: number,
    more: Partial<TunnelSettings> = {},
  ): Promise<{ folder: TunnelFolder; tunnelPort: number }> {
    const proxy = more.proxy ?? (await this.enrolled());
    const { controlPlane } = this.world;
    const folder = new TunnelFolder(data, name, {
      proxy,
      login: controlPlane.region.login,
      port: this.port,
      hostKeys: controlPlane.joins.flatMap(({ host_keys }) => [host_keys.active, host_keys.spare]),
      databasePort,
      ...more,
    });
    return { folder, tunnelPort: proxy.key.port };
  }

  /** A proxy whose key is in place; this waits longer for it than the agent's own tests would. */
  async enrolled(): Promise<CustomerProxy> {
    const proxy = await this.world.proxy();
    this.world.controlPlane.addKey(proxy.key);
    await this.world.controlPlane.applied(30_000);
    return proxy;
  }

  async remove(): Promise<void> {
    await this.world.remove();
  }
}
