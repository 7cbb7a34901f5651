import { userInfo } from 'node:os';
import { Problem } from '../domain/problem.ts';
import type { AgentSettings } from './settings.ts';
import { findSshd, type SshdProgram } from './sshd/program.ts';
import { ensureAccount, type SystemAccount } from './system/system-account.ts';

/** Reads the keys for sshd, and has no other role on the machine, as sshd_config(5) advises. */
const KEYS_USER = 'culvert-keys';

/** This machine as a tunnel server: who runs what. */
export interface Host {
  mode: 'root' | 'user';
  sshd: SshdProgram;
  /** Tunnels log in as this account. */
  login: SystemAccount;
  /** sshd reads keys as this account. */
  keysUser: SystemAccount;
}

/** Finds sshd, and as root makes the two accounts that it needs. Throws a problem when it cannot. */
export async function prepareHost({ sshdPath, loginUser }: AgentSettings): Promise<Host> {
  const sshd = await findSshd(sshdPath);
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
