export type { Artifact } from './artifact.ts';
export { authorizedKeyLine } from './authorized-key.ts';
export { renderBundleFiles } from './bundle-files.ts';
export { type Catalogue, loadCatalogue } from './catalogue.ts';
export { sha256 } from './digest.ts';
export { renderErrorScript } from './error-script.ts';
export { checkInstallerInput, type InstallerInput, InstallerInputSchema } from './input.ts';
export { renderInstaller, renderScript } from './installer.ts';
export { installerUrl, slotUrl } from './installer-url.ts';
export { renderLoginHook, renderPamService } from './login-hook.ts';
export { renderPlan } from './plan.ts';
export { INSTALLER_FILE, PLATFORMS, type Platform } from './platform.ts';
export { type ProxyFiles, renderProxyFiles } from './proxy-files.ts';
export { instanceName } from './proxy-paths.ts';
export { renderSshdConfig, type SshdConfigInput } from './sshd-config.ts';
export {
  renderTunnelServerFiles,
  renderTunnelServerPlan,
  renderTunnelServerScript,
  type TunnelServerFiles,
  type TunnelServerInput,
} from './tunnel-server-script.ts';
export { renderWindowsFiles, type WindowsFiles } from './windows-files.ts';
