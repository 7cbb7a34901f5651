import { userInfo } from 'node:os';
import { Problem } from '../domain/problem.ts';
import type { AgentSettings } from './settings.ts';
import { findSshd, type SshdProgram } from './sshd/program.ts';
import { ensureAccount, findAccount, type SystemAccount } from './system/system-account.ts';

/** Reads the keys for sshd, and has no other role on the machine, as sshd_config(5) advises. */
const KEYS_USER = 'culvert-keys';

/** This machine as a tunnel server: who runs what. */
export interface Host {
  /** How sshd runs. */
  mode: 'root' | 'user';
  sshd: SshdProgram;
  /** Tunnels log in as this account. */
  login: SystemAccount;
  /** sshd reads keys as this account. */
  keysUser: SystemAccount;
  /** The folder of an sshd that systemd keeps; without it sshd is the agent's own. */
  sshdFolder?: string;
}

/** Finds sshd, and as root makes the two accounts that it needs. Throws a problem when it cannot. */
export async function prepareHost(settings: AgentSettings): Promise<Host> {
  const { sshdPath, sshdFolder, loginUser } = settings;
  const sshd = await findSshd(sshdPath);
  if (sshdFolder !== undefined) {
    const [login, keysUser] = [await madeAccount(loginUser), await madeAccount(KEYS_USER)];
    return { mode: 'root', sshd, login, keysUser, sshdFolder };
  }
  const { uid, gid, username } = userInfo();
  if (uid === 0) {
    const [login, keysUser] = [await ensureAccount(loginUser), await ensureAccount(KEYS_USER)];
    return { mode: 'root', sshd, login, keysUser };
  }
  if (loginUser !== username) {
    throw new Problem('login-differs', `tunnels cannot log in as ${loginUser}`, {
      field: 'loginUser',
      next: `An sshd of ${username} lets in ${username} alone: name it, or start the agent as root.`,
    });
  }
  const self = { name: username, uid, gid };
  return { mode: 'user', sshd, login: self, keysUser: self };
}

/** An account that the installer of the tunnel server has made. */
async function madeAccount(name: string): Promise<SystemAccount> {
  const account = await findAccount(name);
  if (account) return account;
  throw new Problem('unavailable', `this machine has no account ${name}`, {
    next: 'Run the installer of this tunnel server again.',
  });
}
