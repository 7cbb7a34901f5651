import { databaseAddress } from '../../src/domain/database.ts';
import { textOf } from '../../src/render/catalogue.ts';
import {
  type Artifact,
  type Catalogue,
  checkInstallerInput,
  renderPlan,
  renderProxyFiles,
} from '../../src/render/index.ts';

/** What each setting of a rendered installer must hold, as strings; a list is a list. */
export function expectedSettings(
  catalogue: Catalogue,
  given: unknown,
  artifact: Artifact,
  bodyDigest: string,
): Record<string, string | string[]> {
  const input = checkInstallerInput(given);
  const { vendor, tunnel, region, servers, database } = input;
  const files = renderProxyFiles(catalogue, input);
  const isSocket = 'socket' in database;
  return {
    TEMPLATE_VERSION: artifact.template.version,
    BODY_SHA256: bodyDigest,
    RENDER: artifact.render,
    PUBLIC_URL: input.public_url,
    CA_CERTIFICATES: input.ca_certificates ?? '',
    INSTALLER_URL: `${input.public_url}/t/${tunnel.id}${input.slot === 1 ? '' : `/s/${input.slot}`}/install.sh`,
    VENDOR: vendor.slug,
    VENDOR_NAME: vendor.name,
    ACCOUNT_NAME: input.account.name,
    SERVICE: input.service,
    TUNNEL_ID: tunnel.id,
    TUNNEL_NAME: tunnel.name,
    INSTANCE: `${vendor.slug}_${tunnel.slug}`,
    SLOT: String(input.slot),
    TUNNEL_HOSTS: servers.flatMap(({ host, aliases }) => [host, ...aliases]),
    TUNNEL_PORTS: [region.port, ...region.alternate_ports].map(String),
    LOGIN: region.login,
    TUNNEL_PORT: String(input.tunnel_port),
    EGRESS_ADDRESSES: region.egress_addresses,
    DATABASE_TYPE: database.type,
    DATABASE_HOST: isSocket ? '' : database.host,
    DATABASE_PORT: isSocket ? '' : String(database.port),
    DATABASE_SOCKET: isSocket ? databaseAddress(database) : '',
    SSH_CONFIG: files.ssh_config,
    SSH_CONFIG_RUN: files.ssh_config_run,
    KNOWN_HOSTS: files.known_hosts,
    TUNNEL_UNIT: files.tunnel_unit,
    PLAIN_UNIT: files.plain_unit,
    UMBRELLA_UNIT: files.umbrella_unit,
    DISPATCHER: textOf(catalogue, 'dispatcher'),
    CONNECT: textOf(catalogue, 'connect'),
    PLAN: renderPlan(catalogue, 'linux', input),
  };
}
