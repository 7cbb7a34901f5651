import { checkIpv4Address, checkPublicUrl } from '../domain/grammar.ts';
import { checkRegion, type RegionInput } from '../domain/region.ts';
import type { Artifact } from './artifact.ts';
import { type Catalogue, templateOf, textOf } from './catalogue.ts';
import { sha256 } from './digest.ts';
import { renderLoginHook, renderPamService } from './login-hook.ts';
import { renderSshdConfig } from './sshd-config.ts';

/** What the installer of a tunnel server depends on, and nothing else. */
export interface TunnelServerInput {
  /** Base of the control plane's URLs, without a slash at the end. */
  control_plane: string;
  region: RegionInput;
  /** The IPv4 address that sshd listens on. */
  listen_address: string;
}

/** Where the installer puts what root's sshd reads and runs. */
const FOLDER = '/etc/culvert-sshd';
/** Logins under way, which no tunnel counts yet: MaxStartups of the sshd_config, two processes each. */
const OTHER_TASKS = 4096;

/** The installer's files, each rendered whole. */
export interface TunnelServerFiles {
  sshd_config: string;
  /** The same for OpenSSH before 9.8. */
  sshd_config_before_9_8: string;
  choose_config: string;
  login_hook: string;
  pam_service: string;
  sshd_unit: string;
  agent_unit: string;
  agent_environment: string;
  folders: string;
}

/** Renders the files that the installer of a tunnel server writes. */
export function renderTunnelServerFiles(
  catalogue: Catalogue,
  input: TunnelServerInput,
): TunnelServerFiles {
  const { control_plane, region } = input;
  const sshdConfig = (openssh: { major: number; minor: number }) =>
    renderSshdConfig(catalogue, {
      port: region.port,
      listen_address: input.listen_address,
      login: region.login,
      host_keys: [`${FOLDER}/host_key`],
      keys_folder: '/var/lib/culvert-agent/keys',
      keys_user: 'culvert-keys',
      bind_address: region.bind_address,
      pid_file: '/run/culvert-sshd/sshd.pid',
      openssh,
      pam_service: 'culvert-sshd',
    });
  const tunnels = region.last_tunnel_port - region.first_tunnel_port + 1;
  return {
    sshd_config: sshdConfig({ major: 9, minor: 8 }),
    sshd_config_before_9_8: sshdConfig({ major: 9, minor: 7 }),
    choose_config: textOf(catalogue, 'choose-sshd-config'),
    login_hook: renderLoginHook(catalogue),
    pam_service: renderPamService(catalogue, `${FOLDER}/login-hook`),
    sshd_unit: templateOf(catalogue, 'tunnel-sshd-unit').render({
      tasks: 2 * tunnels + OTHER_TASKS,
    }),
    agent_unit: textOf(catalogue, 'tunnel-agent-unit'),
    agent_environment: templateOf(catalogue, 'tunnel-agent-environment').render({
      control_plane,
      login: region.login,
    }),
    folders: textOf(catalogue, 'tunnel-folders'),
  };
}

/** Every change that the installer makes, as it prints it before the first of them. */
export function renderTunnelServerPlan(catalogue: Catalogue, input: TunnelServerInput): string {
  return templateOf(catalogue, 'tunnel-server-plan').render(plainValues(input));
}

function plainValues({ control_plane, region, listen_address }: TunnelServerInput) {
  const { login, port, first_tunnel_port, last_tunnel_port, bind_address } = region;
  return {
    ...{ control_plane, login, port, first_tunnel_port, last_tunnel_port },
    ...{ bind_address, listen_address },
  };
}

/**
 * Renders the installer of a region's tunnel servers. Throws a `value-invalid` problem that names the
 * field when a value breaks its grammar, or cannot be carried by the language that it passes through.
 */
export function renderTunnelServerScript(
  catalogue: Catalogue,
  input: TunnelServerInput,
): Pick<Artifact, 'file' | 'bytes' | 'sha256' | 'template'> {
  checkPublicUrl('control_plane', input.control_plane);
  checkIpv4Address('listen_address', input.listen_address);
  checkRegion(input.region);
  const { manifest, bodyDigest, renderScript } = templateOf(catalogue, 'tunnel-server-linux');
  const bytes = renderScript({
    ...plainValues(input),
    template_version: manifest.version,
    body_sha256: bodyDigest,
    region: input.region.slug,
    ...renderTunnelServerFiles(catalogue, input),
    plan: renderTunnelServerPlan(catalogue, input),
  });
  const template = { name: manifest.name, version: manifest.version };
  return { file: manifest.output, bytes, sha256: sha256(bytes), template };
}
