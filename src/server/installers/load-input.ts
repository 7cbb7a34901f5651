import type { Kysely } from 'kysely';
import { Problem } from '../../domain/problem.ts';
import type { Region, TunnelServer } from '../../domain/region.ts';
import type { InstallerInput } from '../../render/index.ts';
import { getAccount, getRegion, getTunnelServer, type Tables } from '../../store/index.ts';
import { findSlot, findTunnel } from '../find-tunnel.ts';
import type { ServerSettings } from '../settings.ts';

/**
 * Gathers what a slot's installer depends on. Throws `not-found` for an unknown or removed tunnel
 * and an unknown slot, `region-empty` while no tunnel server with host keys stands behind it.
 */
export async function loadInstallerInput(
  db: Kysely<Tables>,
  settings: ServerSettings,
  tunnelId: string,
  slotNumber: number,
): Promise<InstallerInput> {
  const tunnel = await findTunnel(db, tunnelId);
  const slot = await findSlot(db, tunnelId, slotNumber);
  const [account, region, server] = await Promise.all([
    getAccount(db, tunnel.account_id),
    getRegion(db, tunnel.region_id),
    getTunnelServer(db, slot.server_id),
  ]);
  if (!account || !region) throw new Error('a tunnel without its account or region');
  return {
    public_url: settings.publicUrl,
    ...(settings.caCertificates !== undefined && { ca_certificates: settings.caCertificates }),
    vendor: { slug: settings.vendor.slug, name: settings.vendor.name },
    service: settings.serviceName,
    account: { slug: account.slug, name: account.name },
    tunnel: { id: tunnel.id, slug: tunnel.slug, name: tunnel.name },
    slot: slot.number,
    tunnel_port: slot.tunnel_port,
    region: regionInput(region),
    servers: [serverInput(server)],
    database: tunnel.database,
  };
}

function regionInput(region: Region): InstallerInput['region'] {
  const { slug, name, login, port, alternate_ports, bind_address, egress_addresses } = region;
  return { slug, name, login, port, alternate_ports, bind_address, egress_addresses };
}

function serverInput(server: TunnelServer | undefined): InstallerInput['servers'][number] {
  if (!server?.host_keys) {
    throw new Problem('region-empty', 'no tunnel server has joined for this tunnel yet', {
      next: 'Try again later, or tell the vendor.',
    });
  }
  return { host: server.host, aliases: server.aliases, host_keys: server.host_keys };
}
