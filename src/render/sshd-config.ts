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
  /** Name of the PAM service that runs the login hook; without it PAM is not asked. */
  pam_service?: string;
}

/** Renders the tunnel server's sshd_config: one for root and for an ordinary user. */
export function renderSshdConfig(catalogue: Catalogue, input: SshdConfigInput): string {
  const { bind_address, keys_folder, openssh, pam_service, ...same } = input;
  const isFrom9_8 = openssh.major > 9 || (openssh.major === 9 && openssh.minor >= 8);
  const isLocal = bind_address === '127.0.0.1';
  return templateOf(catalogue, 'sshd-config').render({
    ...same,
    // %f is the fingerprint; any other percent sign is doubled (sshd_config(5), TOKENS).
    key_file: `${keys_folder.replaceAll('%', '%%')}/%f`,
    permit_listen: isLocal ? ['localhost:*', '127.0.0.1:*'] : [`${bind_address}:*`],
    // With "no", sshd would bind 127.0.0.1 whatever address was asked for, and say nothing.
    gateway_ports: isLocal ? 'no' : 'clientspecified',
    use_pam: pam_service === undefined ? 'no' : 'yes',
    // OpenSSH 9.8 brought both keywords; earlier ones do not start on them. Those take the name that
    // sshd was called by for the PAM service's.
    pam_services: pam_service !== undefined && isFrom9_8 ? [pam_service] : [],
    has_source_penalties: isFrom9_8,
  });
}
