export type { Artifact } from './artifact.ts';
export { authorizedKeyLine } from './authorized-key.ts';
export { type Catalogue, loadCatalogue } from './catalogue.ts';
export { sha256 } from './digest.ts';
export { renderErrorScript } from './error-script.ts';
export { checkInstallerInput, type InstallerInput, InstallerInputSchema } from './input.ts';
export { PLATFORMS, type Platform, renderInstaller, renderScript } from './installer.ts';
export { instanceName, type ProxyFiles, renderProxyFiles } from './proxy-files.ts';
export { renderSshdConfig, type SshdConfigInput } from './sshd-config.ts';
