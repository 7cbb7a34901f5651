import { databaseAddress, hostPort } from '../domain/database.ts';
import { type Catalogue, templateOf } from './catalogue.ts';
import type { CheckedInstallerInput } from './input.ts';
import type { Platform } from './platform.ts';
import { proxyPaths } from './proxy-paths.ts';
import type { TemplateValues } from './template-values.ts';

/** What names a tunnel's files on the hosts of one platform. */
const NAMES: Record<Platform, (input: CheckedInstallerInput) => TemplateValues> = {
  linux: (input) => ({ vendor_slug: input.vendor.slug, ...proxyPaths(input) }),
  windows: ({ vendor, tunnel }) => ({ vendor_slug: vendor.slug, tunnel_slug: tunnel.slug }),
};

/**
 * Every change that an installation makes, but for what only the host knows: what a platform's
 * installer prints before the first of them, and ACTIONS.md of the bundle holds. Each line is set in by four
 * blanks: a code block of Markdown (CommonMark, section 4.4).
 */
export function renderPlan(
  catalogue: Catalogue,
  platform: Platform,
  input: CheckedInstallerInput,
): string {
  const { service, public_url, region, servers, database } = input;
  const ports = [region.port, ...region.alternate_ports];
  const hosts = servers.flatMap(({ host, aliases }) => [host, ...aliases]);
  return templateOf(catalogue, `${platform}-plan`).render({
    service,
    ...NAMES[platform](input),
    endpoints: ports.flatMap((port) => hosts.map((host) => hostPort(host, port))),
    public_url,
    database: databaseAddress(database),
  });
}
