import type { BundleFile } from '../domain/bundle-file.ts';
import { type Catalogue, textOf } from './catalogue.ts';
import type { CheckedInstallerInput } from './input.ts';
import type { Platform } from './platform.ts';
import { renderProxyFiles } from './proxy-files.ts';
import { proxyPaths } from './proxy-paths.ts';
import { renderWindowsFiles } from './windows-files.ts';

/** The files of a proxy at their places, by platform. */
export const PLACE_FILES: Record<
  Platform,
  (catalogue: Catalogue, input: CheckedInstallerInput) => BundleFile[]
> = { linux: placeLinuxFiles, windows: placeWindowsFiles };

/**
 * `linux` stands for the root of the disk, `linux-plain-ssh` for what differs where ssh alone holds
 * the tunnel, `linux-run` for the folder of `install.sh run`.
 */
function placeLinuxFiles(catalogue: Catalogue, input: CheckedInstallerInput): BundleFile[] {
  const files = renderProxyFiles(catalogue, input);
  const connect = textOf(catalogue, 'connect');
  const { service } = input;
  const { config_folder, code_folder, unit } = proxyPaths(input);
  const units = 'etc/systemd/system';
  return asFiles({
    [`linux${config_folder}/ssh_config`]: files.ssh_config,
    [`linux${config_folder}/known_hosts`]: files.known_hosts,
    [`linux${code_folder}/connect`]: connect,
    [`linux/usr/local/sbin/${service}`]: textOf(catalogue, 'dispatcher'),
    [`linux/${units}/${unit}`]: files.tunnel_unit,
    [`linux/${units}/${service}.service`]: files.umbrella_unit,
    [`linux-plain-ssh/${units}/${unit}`]: files.plain_unit,
    'linux-run/ssh_config': files.ssh_config_run,
    'linux-run/known_hosts': files.known_hosts,
    'linux-run/connect': connect,
  });
}

/** `windows` holds the two folders that Windows calls %ProgramData% and %ProgramFiles%. */
function placeWindowsFiles(catalogue: Catalogue, input: CheckedInstallerInput): BundleFile[] {
  const files = renderWindowsFiles(catalogue, input);
  const { service, vendor, tunnel } = input;
  const data = `windows/ProgramData/${service}/${vendor.slug}/${tunnel.slug}`;
  return asFiles({
    [`${data}/ssh_config`]: files.ssh_config,
    [`${data}/known_hosts`]: files.known_hosts,
    [`windows/ProgramFiles/${service}/${service}.ps1`]: textOf(catalogue, 'windows-dispatcher'),
  });
}

function asFiles(texts: Record<string, string>): BundleFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
}
