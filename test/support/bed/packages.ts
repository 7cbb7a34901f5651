import { readFile } from 'node:fs/promises';
import { outputOf, runCommand } from './command.ts';
import { withLock } from './lock.ts';

/** What the container bed itself needs on the machine that runs the tests. */
export const bedPackages = [
  'podman',
  'runc',
  'netavark',
  'iptables',
  'nftables',
  'conmon',
  'mmdebstrap',
  'debian-archive-keyring',
];

/**
 * Makes sure that Debian packages are installed on this machine, and says on stderr what it installs.
 * Throws, naming what is missing, when this is not Debian or we are not root; throws when apt fails.
 */
export async function ensureDebianPackages(names: readonly string[]): Promise<void> {
  if (!(await isDebian())) {
    throw new Error(`this test needs Debian with the packages ${names.join(' ')}`);
  }
  if ((await missingPackages(names)).length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new Error(
      `missing packages; as root: apt-get install ${(await missingPackages(names)).join(' ')}`,
    );
  }
  await withLock('apt', async () => {
    const missing = await missingPackages(names);
    if (missing.length === 0) return;
    process.stderr.write(`installing for the tests: ${missing.join(' ')}\n`);
    const first = await install(missing);
    if (first.code === 0) return;
    // No package lists yet, or stale ones: both are cured by one update.
    await update();
    const second = await install(missing);
    if (second.code !== 0)
      throw new Error(`apt-get install ${missing.join(' ')} failed\n${second.stderr}`);
  });
}

/** Fetches apt's package lists anew. Throws when that fails, or we are not root. */
export async function updatePackageLists(): Promise<void> {
  await withLock('apt', update);
}

async function update(): Promise<void> {
  await outputOf(['apt-get', 'update'], { env: quiet() });
}

async function install(names: readonly string[]) {
  const options = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  return await runCommand(['apt-get', 'install', ...options, ...names], { env: quiet() });
}

function quiet(): NodeJS.ProcessEnv {
  return { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' };
}

async function missingPackages(names: readonly string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of dpkg
  const format = '${Package} ${db:Status-Status}\n';
  const { stdout } = await runCommand(['dpkg-query', '-W', '-f', format, ...names]);
  const installed = new Set(stdout.split('\n').filter((line) => line.endsWith(' installed')));
  return names.filter((name) => !installed.has(`${name} installed`));
}

async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID="?debian"?$/m.test(release);
}
