import type { CheckedInstallerInput } from './input.ts';

/** Where a tunnel's files are on a Linux proxy, as the installer's shell names them. */
export interface ProxyPaths {
  config_folder: string;
  state_folder: string;
  code_folder: string;
  /** Name of the tunnel's own service. */
  unit: string;
}

/** `<vendor>_<tunnel>`: names a tunnel's files and its service on the proxy. */
export function instanceName({
  vendor,
  tunnel,
}: Pick<CheckedInstallerInput, 'vendor' | 'tunnel'>): string {
  return `${vendor.slug}_${tunnel.slug}`;
}

/** The places that depend on the tunnel alone. */
export function proxyPaths(
  input: Pick<CheckedInstallerInput, 'service' | 'vendor' | 'tunnel'>,
): ProxyPaths {
  const { service } = input;
  const instance = instanceName(input);
  return {
    config_folder: `/etc/${service}/${instance}`,
    state_folder: `/var/lib/${service}/${instance}`,
    code_folder: `/usr/local/lib/${service}/${instance}`,
    unit: `${service}@${instance}.service`,
  };
}
