import { textOf } from '../../src/render/catalogue.ts';
import {
  type Artifact,
  type Catalogue,
  checkInstallerInput,
  renderPlan,
  renderWindowsFiles,
} from '../../src/render/index.ts';

/** What each setting of an installer for Windows must hold, as strings; a list is a list. */
export function expectedWindowsSettings(
  catalogue: Catalogue,
  given: unknown,
  artifact: Artifact,
  bodyDigest: string,
): Record<string, string | string[]> {
  const input = checkInstallerInput(given);
  const { vendor, tunnel, region, servers, database } = input;
  if ('socket' in database) throw new Error('a Windows host has no Unix socket');
  const files = renderWindowsFiles(catalogue, input);
  return {
    TemplateVersion: artifact.template.version,
    BodySha256: bodyDigest,
    Render: artifact.render,
    PublicUrl: input.public_url,
    CaCertificates: input.ca_certificates ?? '',
    InstallerUrl: `${input.public_url}/t/${tunnel.id}${input.slot === 1 ? '' : `/s/${input.slot}`}/install.ps1`,
    VendorSlug: vendor.slug,
    VendorName: vendor.name,
    AccountName: input.account.name,
    Service: input.service,
    TunnelId: tunnel.id,
    TunnelName: tunnel.name,
    TunnelSlug: tunnel.slug,
    Instance: `${vendor.slug}_${tunnel.slug}`,
    Slot: String(input.slot),
    TunnelHosts: servers.flatMap(({ host, aliases }) => [host, ...aliases]),
    TunnelPorts: [region.port, ...region.alternate_ports].map(String),
    Login: region.login,
    TunnelPort: String(input.tunnel_port),
    EgressAddresses: region.egress_addresses,
    DatabaseType: database.type,
    DatabaseHost: database.host,
    DatabasePort: String(database.port),
    SshConfig: files.ssh_config,
    KnownHosts: files.known_hosts,
    Dispatcher: textOf(catalogue, 'windows-dispatcher'),
    Plan: renderPlan(catalogue, 'windows', input),
  };
}
