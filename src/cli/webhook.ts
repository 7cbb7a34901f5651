import { Problem } from '../domain/problem.ts';
import type { WebhookSettings } from '../server/index.ts';
import { SETTINGS, type SettingName, type Settings } from '../settings.ts';

/** What tells the vendor's programs of events. */
export const WEBHOOK_SETTINGS = [
  'webhookUrl',
  'webhookSecret',
  'webhookSecretFile',
  'webhookAllow',
  'webhookGrace',
  'webhookCaFile',
] as const satisfies SettingName[];

/**
 * The vendor's webhook; undefined where no address is set. Throws a `value-invalid` problem where an
 * address has no secret to sign with, or two are given.
 */
export function readWebhook(
  settings: Settings<(typeof WEBHOOK_SETTINGS)[number]>,
): WebhookSettings | undefined {
  const { webhookUrl, webhookSecret, webhookSecretFile, webhookAllow, webhookGrace } = settings;
  if (webhookUrl === undefined) return undefined;
  const { variable } = SETTINGS.webhookSecret;
  const secret = webhookSecret ?? webhookSecretFile;
  if (secret === undefined || (webhookSecret && webhookSecretFile)) {
    const why = secret === undefined ? 'is not set' : 'is set twice';
    throw new Problem('value-invalid', `${variable} ${why}`, {
      field: variable,
      next: `Set ${variable} or ${SETTINGS.webhookSecretFile.variable}: a webhook is always signed.`,
    });
  }
  const { webhookCaFile: ca } = settings;
  const graceMs = webhookGrace * 1000;
  return { url: webhookUrl, secret, allow: webhookAllow, graceMs, ...(ca !== undefined && { ca }) };
}
