import { Problem } from '../domain/problem.ts';
import type { CheckedInstallerInput } from './input.ts';
import type { Platform } from './platform.ts';

/** Names of devices, which no folder on Windows can have: "Naming Files" of the Windows API. */
const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/** Why a tunnel cannot be installed on the hosts of a platform; undefined when it can. */
export function barrierOf(
  platform: Platform,
  { vendor, tunnel, database }: CheckedInstallerInput,
): Problem | undefined {
  if (platform !== 'windows') return undefined;
  if ('socket' in database) {
    return problem(
      'database.socket',
      'a Windows host has no such socket',
      'Give host and port of the database, or install on a Linux host.',
    );
  }
  const names = { 'vendor.slug': vendor.slug, 'tunnel.slug': tunnel.slug };
  const [field, name] = Object.entries(names).find(([, slug]) => DEVICE.test(slug)) ?? [];
  if (field === undefined) return undefined;
  return problem(
    field,
    `${name} is the name of a device on Windows, and no folder can have it`,
    'Install on a Linux host, or make a tunnel of another name.',
  );
}

function problem(field: string, why: string, next: string): Problem {
  return new Problem('value-invalid', `${field}: ${why}`, { field, next });
}
