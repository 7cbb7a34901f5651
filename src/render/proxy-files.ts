import { type Catalogue, templateOf } from './catalogue.ts';
import type { CheckedInstallerInput } from './input.ts';
import { renderKnownHosts } from './known-hosts.ts';
import { instanceName, proxyPaths } from './proxy-paths.ts';
import { renderSshConfig } from './ssh-config.ts';

/** The files of a tunnel that the installer for Linux writes on the proxy, each rendered whole. */
export interface ProxyFiles {
  ssh_config: string;
  /** The same for `run`, which keeps its files in the caller's home. */
  ssh_config_run: string;
  known_hosts: string;
  tunnel_unit: string;
  /** The same with ssh alone, for hosts that have no autossh. */
  plain_unit: string;
  umbrella_unit: string;
}

/** Renders the files that depend on the tunnel but not on the host they are written to. */
export function renderProxyFiles(catalogue: Catalogue, input: CheckedInstallerInput): ProxyFiles {
  const { service } = input;
  const instance = instanceName(input);
  const { config_folder, state_folder } = proxyPaths(input);
  const renderUnit = templateOf(catalogue, 'tunnel-unit').render;
  const runFolder = `~/.local/state/${service}/${instance}`;
  return {
    ssh_config: renderSshConfig(catalogue, input, {
      identity_file: `${state_folder}/key`,
      known_hosts_file: `${config_folder}/known_hosts`,
      local_config: `${config_folder}/local.conf`,
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
  };
}
