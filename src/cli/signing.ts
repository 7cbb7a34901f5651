import { createSigning, readSigningKey, type Signing } from '../bundle/index.ts';
import { Problem } from '../domain/problem.ts';
import { SETTINGS, type SettingName, type Settings } from '../settings.ts';

/** What commands that sign take. */
export const SIGNING_SETTINGS = [
  'signingKey',
  'signingKeyFile',
  'otherSignersFile',
] as const satisfies SettingName[];

/**
 * What a vendor signs with; undefined where no key is set. Throws a `value-invalid` problem where the
 * key is none, or two are given.
 */
export function readSigning(
  vendor: string,
  settings: Settings<(typeof SIGNING_SETTINGS)[number]>,
): Signing | undefined {
  const { signingKey, signingKeyFile, otherSignersFile } = settings;
  if (signingKey !== undefined && signingKeyFile !== undefined) {
    throw new Problem('value-invalid', 'two signing keys are set', {
      field: SETTINGS.signingKey.variable,
      next: `Set ${SETTINGS.signingKey.variable} or ${SETTINGS.signingKeyFile.variable}, not both.`,
    });
  }
  const pem = signingKey ?? signingKeyFile;
  if (pem === undefined) return undefined;
  const { variable } = signingKey === undefined ? SETTINGS.signingKeyFile : SETTINGS.signingKey;
  const others = { text: otherSignersFile, name: SETTINGS.otherSignersFile.variable };
  return createSigning(vendor, readSigningKey(pem, variable), others);
}
