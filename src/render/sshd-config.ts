import { type Catalogue, templateOf } from './catalogue.ts';

export interface SshdConfigInput {
  port: number;
  listen_address: string;
  /** The account that tunnels log in as. */
  login: string;
  /** Absolute paths of private host keys. */
  host_keys: string[];
  /** Absolute path of the folder with a file for each key's fingerprint. */
  keys_folder: string;
  /** Who reads that folder for sshd. */
  keys_user: string;
  /** The address that tunnel ports listen on. */
  bind_address: string;
  pid_file: string;
  openssh: { major: number; minor: number };
}

/** Renders the tunnel server's sshd_config: one for root and for an ordinary user. */
export function renderSshdConfig(catalogue: Catalogue, input: SshdConfigInput): string {
  const { bind_address, keys_folder, openssh, ...same } = input;
  const isLocal = bind_address === '127.0.0.1';
  return templateOf(catalogue, 'sshd-config').render({
    ...same,
    // %f is the fingerprint; any other percent sign is doubled (sshd_config(5), TOKENS).
    key_file: `${keys_folder.replaceAll('%', '%%')}/%f`,
    permit_listen: isLocal ? ['localhost:*', '127.0.0.1:*'] : [`${bind_address}:*`],
    // With "no", sshd would bind 127.0.0.1 whatever address was asked for, and say nothing.
    gateway_ports: isLocal ? 'no' : 'clientspecified',
    // OpenSSH 9.8 brought these penalties; earlier ones do not start on the keyword.
    has_source_penalties: openssh.major > 9 || (openssh.major === 9 && openssh.minor >= 8),
  });
}
