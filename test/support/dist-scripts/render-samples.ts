import { textOf } from '../../../src/render/catalogue.ts';
import {
  type Catalogue,
  checkInstallerInput,
  INSTALLER_FILE,
  instanceName,
  PLATFORMS,
  renderBundleFiles,
  renderErrorScript,
  renderLoginHook,
  renderPamService,
  renderProxyFiles,
  renderSshdConfig,
  renderTunnelServerFiles,
  renderTunnelServerPlan,
  renderTunnelServerScript,
  renderWindowsFiles,
} from '../../../src/render/index.ts';
import { ACCOUNTS, type Account, TUNNEL_SERVERS } from './accounts.ts';
import { installerHalves } from './installer-halves.ts';
import type { Sample } from './sample.ts';

/**
 * Every sample: each template for each account. What is the same for everyone stands in `plain` alone,
 * so elsewhere an installer is its settings.
 */
export function renderSamples(catalogue: Catalogue): Sample[] {
  return [
    ...Object.entries(ACCOUNTS).flatMap(([name, account]) =>
      accountSamples(catalogue, name, account),
    ),
    ...sharedSamples(catalogue),
    ...errorSamples(catalogue),
    ...tunnelServerSamples(catalogue),
  ];
}

function accountSamples(catalogue: Catalogue, name: string, account: Account): Sample[] {
  const input = checkInstallerInput(account.input);
  const files = renderProxyFiles(catalogue, input);
  const bundle = bundleTexts(catalogue, account, true);
  const unit = `${input.service}@${instanceName(input)}.service`;
  const samples: Sample[] = [
    { path: 'ACTIONS.md', template: 'actions', text: bundle.get('ACTIONS.md') ?? '' },
    { path: 'VERIFY.md', template: 'verify', text: bundle.get('VERIFY.md') ?? '' },
    { path: 'ssh_config', template: 'ssh-config', text: files.ssh_config },
    { path: 'ssh_config.run', template: 'ssh-config', text: files.ssh_config_run },
    { path: 'known_hosts', template: 'known-hosts', text: files.known_hosts },
    { path: unit, template: 'tunnel-unit', text: files.tunnel_unit },
    { path: `plain-ssh/${unit}`, template: 'tunnel-unit', text: files.plain_unit },
    {
      path: `${input.service}.service`,
      template: 'umbrella-unit',
      text: files.umbrella_unit,
    },
  ];
  for (const platform of PLATFORMS) {
    const file = INSTALLER_FILE[platform];
    const script = bundle.get(file);
    if (script === undefined) continue;
    const sample =
      name === 'plain'
        ? { path: file, text: script }
        : { path: `${file}.settings`, text: installerHalves(script).settings };
    samples.push({ ...sample, template: platform });
  }
  if (bundle.has(INSTALLER_FILE.windows)) {
    const { ssh_config } = renderWindowsFiles(catalogue, input);
    samples.push({ path: 'windows/ssh_config', template: 'ssh-config', text: ssh_config });
  }
  return samples.map((sample) => ({ ...sample, path: `${name}/${sample.path}` }));
}

/** What depends on no account, and the page for a vendor that signs nothing. */
function sharedSamples(catalogue: Catalogue): Sample[] {
  const { plain } = ACCOUNTS;
  if (!plain) throw new Error('there is no plain account');
  const input = checkInstallerInput(plain.input);
  const textSample = (path: string, template: string): Sample => ({
    path,
    template,
    text: textOf(catalogue, template),
  });
  const unsigned = bundleTexts(catalogue, plain, false).get('VERIFY.md') ?? '';
  return [
    textSample(`plain/${input.service}`, 'dispatcher'),
    textSample('plain/connect', 'connect'),
    textSample(`plain/windows/${input.service}.ps1`, 'windows-dispatcher'),
    { path: 'plain/unsigned/VERIFY.md', template: 'verify', text: unsigned },
  ];
}

/** What stands where an installer would, when there is none. */
function errorSamples(catalogue: Catalogue): Sample[] {
  const problem = {
    code: 'region-empty',
    detail: 'no tunnel server has joined for this tunnel yet',
    next: 'Try again later, or tell the vendor.',
  };
  return PLATFORMS.map((platform) => ({
    path: `errors/${INSTALLER_FILE[platform]}`,
    template: `${platform}-error`,
    text: renderErrorScript(catalogue, platform, problem).toString(),
  }));
}

/** The tunnel server's sshd, as the agent of root writes it, and that of an ordinary user. */
function tunnelServerSamples(catalogue: Catalogue): Sample[] {
  const root = renderSshdConfig(catalogue, {
    port: 50022,
    listen_address: '0.0.0.0',
    login: 'tunnel',
    host_keys: ['/var/lib/culvert/host_key'],
    keys_folder: '/var/lib/culvert/keys',
    keys_user: 'culvert-keys',
    bind_address: '10.20.0.4',
    pid_file: '/var/lib/culvert/sshd.pid',
    openssh: { major: 10, minor: 0 },
    pam_service: 'culvert-sshd-0123456789abcdef',
  });
  const user = renderSshdConfig(catalogue, {
    port: 50022,
    listen_address: '127.0.0.1',
    login: 'jo',
    host_keys: ['/home/jo/culvert/data/host_key'],
    keys_folder: '/home/jo/culvert/data/keys',
    keys_user: 'jo',
    bind_address: '127.0.0.1',
    pid_file: '/home/jo/culvert/data/sshd.pid',
    openssh: { major: 8, minor: 4 },
  });
  return [
    { path: 'tunnel-server/root/sshd_config', template: 'sshd-config', text: root },
    { path: 'tunnel-server/user/sshd_config', template: 'sshd-config', text: user },
    {
      path: 'tunnel-server/root/login-hook',
      template: 'login-hook',
      text: renderLoginHook(catalogue),
    },
    {
      path: 'tunnel-server/root/pam-service',
      template: 'pam-service',
      text: renderPamService(catalogue, '/run/culvert/0123456789abcdef/login-hook'),
    },
    ...installedSamples(catalogue),
  ];
}

/** The installer of a tunnel server, and the files that it writes. */
function installedSamples(catalogue: Catalogue): Sample[] {
  return Object.entries(TUNNEL_SERVERS).flatMap(([name, input]) => {
    const script = renderTunnelServerScript(catalogue, input).bytes.toString();
    const files = renderTunnelServerFiles(catalogue, input);
    const plan = renderTunnelServerPlan(catalogue, input);
    const samples: Sample[] = [
      { path: 'plan.txt', template: 'tunnel-server-plan', text: plan },
      name === 'plain'
        ? { path: 'install.sh', template: 'tunnel-server-linux', text: script }
        : {
            path: 'install.sh.settings',
            template: 'tunnel-server-linux',
            text: installerHalves(script).settings,
          },
      { path: 'culvert-sshd.service', template: 'tunnel-sshd-unit', text: files.sshd_unit },
      { path: 'agent.env', template: 'tunnel-agent-environment', text: files.agent_environment },
    ];
    const shared: Sample[] = [
      { path: 'culvert-agent.service', template: 'tunnel-agent-unit', text: files.agent_unit },
      { path: 'culvert-sshd.conf', template: 'tunnel-folders', text: files.folders },
      { path: 'choose-config', template: 'choose-sshd-config', text: files.choose_config },
    ];
    return [...samples, ...(name === 'plain' ? shared : [])].map((sample) => ({
      ...sample,
      path: `tunnel-server/installed/${name}/${sample.path}`,
    }));
  });
}

function bundleTexts(
  catalogue: Catalogue,
  { input }: Account,
  signed: boolean,
): Map<string, string> {
  const files = renderBundleFiles(catalogue, input, { signed });
  return new Map(files.map(({ path, bytes }) => [path, bytes.toString()]));
}
