import { spawnSync } from 'node:child_process';

/** System users that an agent makes where it runs as root. */
const MADE_BY_AGENTS = ['tunnel', 'culvert-keys'];

/**
 * Notes which of the agent's users this machine has; the function it gives removes those that the
 * tests have added since.
 */
export function rememberAccounts(): () => void {
  const here = MADE_BY_AGENTS.filter(exists);
  return () => {
    for (const name of MADE_BY_AGENTS) {
      if (!here.includes(name) && exists(name)) spawnSync('userdel', [name]);
    }
  };
}

function exists(name: string): boolean {
  return spawnSync('getent', ['passwd', name]).status === 0;
}
