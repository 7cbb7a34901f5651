import { databaseAddress, hostPort } from '../domain/database.ts';
import { type Catalogue, templateOf } from './catalogue.ts';
import type { CheckedInstallerInput } from './input.ts';

/** What differs between the proxies of one tunnel; empty: the keyword is left out. */
export interface SshConfigOptions {
  identity_file: string;
  known_hosts_file: string;
  /** Included last. */
  local_config: string;
  log_level: '' | 'VERBOSE';
}

/** Renders the ssh_config of a proxy: one template, one output a platform. */
export function renderSshConfig(
  catalogue: Catalogue,
  { servers, region, tunnel_port, database }: CheckedInstallerInput,
  options: SshConfigOptions,
): string {
  const [server] = servers;
  if (!server) throw new RangeError('an installer needs a tunnel server');
  return templateOf(catalogue, 'ssh-config').render({
    ...options,
    host: server.host,
    port: region.port,
    login: region.login,
    listen: hostPort(region.bind_address, tunnel_port),
    database: databaseAddress(database),
  });
}
