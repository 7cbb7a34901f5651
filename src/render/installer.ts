import { canonicalJson } from '../domain/audit.ts';
import type { Artifact } from './artifact.ts';
import { barrierOf } from './barrier.ts';
import { type Catalogue, templateOf } from './catalogue.ts';
import { sha256 } from './digest.ts';
import { type CheckedInstallerInput, checkInstallerInput } from './input.ts';
import { installerUrl } from './installer-url.ts';
import { renderPlan } from './plan.ts';
import type { Platform } from './platform.ts';
import { renderProxyFiles } from './proxy-files.ts';
import { instanceName } from './proxy-paths.ts';
import type { TemplateValues } from './template-values.ts';
import { renderWindowsFiles } from './windows-files.ts';

/** The settings and files that the installer of one platform has beside what all have. */
const OWN_VALUES: Record<Platform, (c: Catalogue, input: CheckedInstallerInput) => TemplateValues> =
  {
    linux: (catalogue, input) => ({
      database_socket: 'socket' in input.database ? input.database.socket : '',
      ...renderProxyFiles(catalogue, input),
    }),
    windows: (catalogue, input) => ({
      tunnel_slug: input.tunnel.slug,
      ...renderWindowsFiles(catalogue, input),
    }),
  };

/**
 * Renders an installer and digests it. Throws a `value-invalid` problem that names the field when a
 * value breaks its grammar, or cannot be carried by the language that it would pass through.
 */
export function renderInstaller(
  catalogue: Catalogue,
  platform: Platform,
  given: unknown,
): Artifact {
  const input = checkInstallerInput(given);
  const barrier = barrierOf(platform, input);
  if (barrier) throw barrier;
  const { manifest } = templateOf(catalogue, platform);
  const template = { name: manifest.name, version: manifest.version };
  const render = sha256(canonicalJson({ template, input }));
  const bytes = renderScript(catalogue, platform, input, render);
  return { file: manifest.output, bytes, sha256: sha256(bytes), template, render };
}

/** The bytes of an installer whose input is checked; `renderDigest` is stated in its settings. */
export function renderScript(
  catalogue: Catalogue,
  platform: Platform,
  input: CheckedInstallerInput,
  renderDigest: string,
): Buffer {
  const template = templateOf(catalogue, platform);
  const { vendor, account, tunnel, region, database } = input;
  return template.renderScript({
    template_version: template.manifest.version,
    body_sha256: template.bodyDigest,
    render: renderDigest,
    public_url: input.public_url,
    ca_certificates: input.ca_certificates ?? '',
    installer_url: installerUrl(input.public_url, platform, tunnel.id, input.slot),
    vendor_slug: vendor.slug,
    vendor_name: vendor.name,
    account_name: account.name,
    service: input.service,
    tunnel_id: tunnel.id,
    tunnel_name: tunnel.name,
    instance: instanceName(input),
    slot: input.slot,
    tunnel_hosts: input.servers.flatMap(({ host, aliases }) => [host, ...aliases]),
    tunnel_ports: [region.port, ...region.alternate_ports],
    login: region.login,
    tunnel_port: input.tunnel_port,
    egress_addresses: region.egress_addresses,
    database_type: database.type,
    database_host: 'host' in database ? database.host : '',
    database_port: 'port' in database ? database.port : '',
    plan: renderPlan(catalogue, platform, input),
    ...OWN_VALUES[platform](catalogue, input),
  });
}
