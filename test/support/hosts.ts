import {
  type Container,
  type ContainerOptions,
  createNetwork,
  type Network,
  proxyImage,
  startContainer,
} from './bed/index.ts';
import { startDatabaseHost } from './database-host.ts';
import {
  type MadeTunnel,
  startVendorHost,
  type VendorHost,
  type VendorOptions,
} from './vendor-host.ts';

/** The two ends that a tunnel is to join, on a network of their own. */
export interface Ends {
  network: Network;
  vendor: VendorHost;
  database: Container;
}

/** Between them a proxy, named `proxy`, and a tunnel that is not installed there yet. */
export interface Hosts extends Ends {
  proxy: Container;
  tunnel: MadeTunnel;
}

export async function startEnds(options?: VendorOptions): Promise<Ends> {
  return await endsOn(await createNetwork(), options);
}

/** `slug`: the tunnel's. */
export async function startHosts(
  slug: string,
  options: { vendor?: VendorOptions; proxy?: Partial<ContainerOptions> } = {},
): Promise<Hosts> {
  const network = await createNetwork();
  const [ends, proxy] = await Promise.all([
    endsOn(network, options.vendor),
    startContainer({ image: proxyImage(), ...options.proxy, network, name: 'proxy' }),
  ]);
  return { ...ends, proxy, tunnel: await ends.vendor.makeTunnel(slug) };
}

async function endsOn(network: Network, options?: VendorOptions): Promise<Ends> {
  const [vendor, database] = await Promise.all([
    startVendorHost(network, 'vendor', options),
    startDatabaseHost(network),
  ]);
  return { network, vendor, database };
}
