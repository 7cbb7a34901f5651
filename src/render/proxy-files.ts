import { type Catalogue, templateOf } from './catalogue.ts';
import type { CheckedInstallerInput } from './input.ts';
import { renderKnownHosts } from './known-hosts.ts';
import { renderSshConfig } from './ssh-config.ts';

/** The files that the installer for Linux writes on the proxy, each rendered whole. */
export interface ProxyFiles {
  ssh_config: string;
  /** The same for `run`, which keeps its files in the caller's home. */
  ssh_config_run: string;
  known_hosts: string;
  tunnel_unit: string;
  /** The same with ssh alone, for hosts that have no autossh. */
  plain_unit: string;
  umbrella_unit: string;
  /** The command that finds a tunnel's own program; the same for everyone. */
  dispatcher: string;
  /** The program that ssh reaches the tunnel server by, where a plain connection will not do. */
  connect: string;
}

/** `<vendor>_<tunnel>`: names a tunnel's files and its service on the proxy. */
export function instanceName({
  vendor,
  tunnel,
}: Pick<CheckedInstallerInput, 'vendor' | 'tunnel'>): string {
  return `${vendor.slug}_${tunnel.slug}`;
}

/** Renders the files that depend on the tunnel but not on the host they are written to. */
export function renderProxyFiles(catalogue: Catalogue, input: CheckedInstallerInput): ProxyFiles {
  const { service } = input;
  const instance = instanceName(input);
  const renderUnit = templateOf(catalogue, 'tunnel-unit').render;
  const runFolder = `~/.local/state/${service}/${instance}`;
  return {
    ssh_config: renderSshConfig(catalogue, input, {
      identity_file: `/var/lib/${service}/${instance}/key`,
      known_hosts_file: `/etc/${service}/${instance}/known_hosts`,
      local_config: `/etc/${service}/${instance}/local.conf`,
      log_level: '',
    }),
    ssh_config_run: renderSshConfig(catalogue, input, {
      identity_file: `${runFolder}/key`,
      known_hosts_file: `${runFolder}/known_hosts`,
      local_config: '',
      log_level: '',
    }),
    known_hosts: renderKnownHosts(catalogue, input),
    tunnel_unit: renderUnit({ service, instance, with_autossh: true }),
    plain_unit: renderUnit({ service, instance, with_autossh: false }),
    umbrella_unit: templateOf(catalogue, 'umbrella-unit').render({ service }),
    dispatcher: templateOf(catalogue, 'dispatcher').render({}),
    connect: templateOf(catalogue, 'connect').render({}),
  };
}
