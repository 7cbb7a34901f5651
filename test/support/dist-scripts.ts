import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkInstallerInput,
  loadCatalogue,
  renderBundleFiles,
  renderInstaller,
  renderProxyFiles,
  renderWindowsFiles,
} from '../../src/render/index.ts';
import { SAMPLE } from './sample-input.ts';

/**
 * What a customer would receive, under review byte for byte: `npm run dist-scripts` writes it to
 * dist-scripts/, and a test holds that folder against the templates.
 */
export const DIST_SCRIPTS = join(import.meta.dirname, '../../dist-scripts');

/** Each sample file's path below dist-scripts, and its text. */
export function renderDistScripts(): Map<string, string> {
  const catalogue = loadCatalogue();
  const installer = renderInstaller(catalogue, 'linux', SAMPLE);
  const input = checkInstallerInput(SAMPLE);
  const files = renderProxyFiles(catalogue, input);
  const windows = renderInstaller(catalogue, 'windows', SAMPLE);
  const guides = renderBundleFiles(catalogue, SAMPLE, { signed: true })
    .filter(({ path }) => /^[A-Z]+\.md$/.test(path))
    .map(({ path, bytes }) => [`plain/${path}`, bytes.toString()] as const);
  return new Map([
    ...guides,
    ['plain/install.sh', installer.bytes.toString()],
    ['plain/ssh_config', files.ssh_config],
    ['plain/ssh_config.run', files.ssh_config_run],
    ['plain/known_hosts', files.known_hosts],
    ['plain/h_autossh@acme_orders.service', files.tunnel_unit],
    ['plain/plain-ssh/h_autossh@acme_orders.service', files.plain_unit],
    ['plain/h_autossh.service', files.umbrella_unit],
    ['plain/h_autossh', files.dispatcher],
    ['plain/connect', files.connect],
    ['plain/install.ps1', windows.bytes.toString()],
    ['plain/windows/ssh_config', renderWindowsFiles(catalogue, input).ssh_config],
  ]);
}

if (import.meta.main) {
  rmSync(DIST_SCRIPTS, { recursive: true, force: true });
  for (const [file, text] of renderDistScripts()) {
    mkdirSync(join(DIST_SCRIPTS, file, '..'), { recursive: true });
    writeFileSync(join(DIST_SCRIPTS, file), text);
  }
}
