import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalogue, renderInstaller } from '../../../src/render/index.ts';
import { type CommandResult, outputOf, runCommand } from '../../support/bed/command.ts';
import { SAMPLE } from '../../support/sample-input.ts';

/** What a proxy's programs need of /etc. */
const COPY = `cd /etc && for name in passwd group hosts nsswitch.conf ld.so.cache alternatives; do
  [ ! -e $name ] || cp -a $name "$1"
done`;

/** For bash, with a folder and a command: runs it where that folder's parts stand for the host's. */
const WITHIN = `for folder in etc var/lib usr/local run; do
  mount --bind "$0/$folder" "/$folder" || exit 97
done
exec "$@"`;

/**
 * The folders that an installer writes to, as root sees them in a mount namespace of its own: nothing of
 * this host is changed.
 */
export interface ProxyRoot extends Disposable {
  /** Where a path of the proxy lies on this host. */
  path(ofProxy: string): string;
  run(argv: readonly string[], input?: string | Buffer): Promise<CommandResult>;
}

export function makeProxyRoot(): ProxyRoot {
  const root = mkdtempSync(join(tmpdir(), 'culvert-proxy-'));
  for (const folder of ['var/lib', 'usr/local/lib', 'usr/local/sbin', 'run', 'etc']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const become = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  execFileSync('bash', ['-c', COPY, 'bash', join(root, 'etc')]);
  return {
    path: (ofProxy) => join(root, ofProxy),
    run(argv, input) {
      const command = ['unshare', '--mount', ...become, 'bash', '-c', WITHIN, root, ...argv];
      const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/nonexistent' };
      return runCommand(command, { env, timeoutMs: 60_000, ...(input ? { input } : {}) });
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

/** The installer of the sample's tunnel, with the control plane at that address. */
export function installerFor(public_url: string, template = SAMPLE): Buffer {
  return renderInstaller(loadCatalogue(), 'linux', { ...template, public_url }).bytes;
}

/** That installer, with other commands in place of its story. */
export function installerThat(commands: string, installer: Buffer): string {
  const start = 'main "$@"\n  exit\n}\n';
  const text = installer.toString();
  if (!text.endsWith(start)) throw new Error('The installer does not end as it used to.');
  return `${text.slice(0, -start.length)}settle_shell\nname_paths\nmake_scratch\n${commands}\n}\n`;
}

/** The command that an installer leaves on a proxy. */
export function programOf(installer: Buffer): Promise<string> {
  return outputOf(['bash', '-s'], { input: installerThat('command_text', installer) });
}

/** Puts that command there, with the record of an installation. */
export function putProgram(root: ProxyRoot, program: string): void {
  const [code, state] = ['usr/local/lib', 'var/lib'].map((folder) =>
    root.path(`${folder}/h_autossh/acme_orders`),
  ) as [string, string];
  for (const folder of [code, state]) mkdirSync(folder, { recursive: true });
  mkdirSync(root.path('etc/h_autossh'));
  writeFileSync(root.path('etc/h_autossh/README'), 'Made by Culvert.\n');
  writeFileSync(join(code, 'tunnel'), program);
  writeFileSync(join(state, 'installed'), `tunnel ${SAMPLE.tunnel.id}/${SAMPLE.slot}\n`);
}
