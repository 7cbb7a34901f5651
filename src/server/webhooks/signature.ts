import { createHmac } from 'node:crypto';

/**
 * The header `webhook-signature` of the Standard Webhooks specification, version 1: HMAC-SHA256 over
 * id, time and body. `secret` is the key's bytes.
 */
export function signatureOf(secret: Buffer, id: string, timestamp: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`);
  return `v1,${mac.digest('base64')}`;
}
