import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';

const POLICY = '/usr/sbin/policy-rc.d';
// Debian Policy, "Policy for init scripts": 101 says that the action is not allowed.
const REFUSE = '#!/bin/sh\nexit 101\n';

/**
 * Runs `work` while Debian's packages start no service of theirs (invoke-rc.d asks policy-rc.d).
 * A policy that is there already stays as it is. Needs root.
 */
export async function withoutServices<Result>(work: () => Promise<Result>): Promise<Result> {
  if (existsSync(POLICY)) return work();
  await writeFile(POLICY, REFUSE, { mode: 0o755 });
  try {
    return await work();
  } finally {
    await rm(POLICY, { force: true });
  }
}
