import { existsSync } from 'node:fs';
import { installOpensshServer } from '../../../src/cli/quickstart/openssh-server.ts';
import { withoutServices } from '../../../src/cli/quickstart/without-services.ts';
import { ensureDebianPackages } from '../bed/packages.ts';
import type { Tier } from './tiers.ts';

/**
 * Installs what the tiers need and this machine lacks, without starting any service of it. Throws,
 * naming what is missing, where that is not possible.
 */
export async function setUp(tiers: readonly Tier[]): Promise<void> {
  const packages = [...new Set(tiers.flatMap((tier) => tier.packages))].sort();
  if (process.getuid?.() !== 0) return ensureDebianPackages(packages);
  if (packages.includes('openssh-server') && !existsSync('/usr/sbin/sshd')) {
    await installOpensshServer();
  }
  await withoutServices(() => ensureDebianPackages(packages));
}
