import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Problem } from '../../domain/problem.ts';
import { say } from '../print.ts';
import { withoutServices } from './without-services.ts';

const execute = promisify(execFile);
const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'];
const UNITS = '/etc/systemd/system';

/**
 * Makes sure that there is an sshd. As root on Debian and its kin it installs openssh-server and says
 * so; elsewhere throws `unavailable`, naming the package.
 */
export async function ensureOpensshServer(): Promise<void> {
  if (SSHD.some((file) => existsSync(file))) return;
  if (process.getuid?.() !== 0 || !(await isDebian())) {
    throw new Problem('unavailable', 'sshd is not installed', {
      next: 'Install OpenSSH’s server and start again (Debian, Ubuntu, RHEL: openssh-server).',
    });
  }
  await installOpensshServer();
}

/**
 * Installs Debian's openssh-server without opening port 22: neither now nor at the next boot, for the
 * machine had none before. Needs root.
 */
export async function installOpensshServer(): Promise<void> {
  say('installing openssh-server; its own service stays off (systemctl unmask ssh to allow it)');
  await maskService();
  await withoutServices(async () => {
    await install().catch(async () => {
      // No package lists yet, or stale ones.
      await execute('apt-get', ['update']);
      await install();
    });
  }).catch((error: Error) => {
    throw new Problem('unavailable', `openssh-server cannot be installed: ${error.message}`, {
      next: 'Install it yourself and start again.',
    });
  });
}

/** By links, as `systemctl mask` does, so that it also holds where systemd does not run. */
async function maskService(): Promise<void> {
  await mkdir(UNITS, { recursive: true });
  for (const unit of ['ssh.service', 'ssh.socket']) {
    await symlink('/dev/null', `${UNITS}/${unit}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function install(): Promise<void> {
  const quiet = ['DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_SUSPEND=1'];
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  await execute('env', [...quiet, 'apt-get', 'install', ...options, 'openssh-server']);
}

async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(release);
}
