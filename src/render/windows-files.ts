import type { Catalogue } from './catalogue.ts';
import type { CheckedInstallerInput } from './input.ts';
import { renderKnownHosts } from './known-hosts.ts';
import { renderSshConfig } from './ssh-config.ts';

/** The files of a tunnel that the installer for Windows writes on the proxy, each rendered whole. */
export interface WindowsFiles {
  /** Holds no path of the host: the service gives them to ssh in its command line. */
  ssh_config: string;
  known_hosts: string;
}

/** Renders the files that depend on the tunnel but not on the host they are written to. */
export function renderWindowsFiles(
  catalogue: Catalogue,
  input: CheckedInstallerInput,
): WindowsFiles {
  return {
    ssh_config: renderSshConfig(catalogue, input, {
      identity_file: '',
      known_hosts_file: '',
      local_config: '',
      log_level: 'VERBOSE',
    }),
    known_hosts: renderKnownHosts(catalogue, input),
  };
}
