import { request } from 'node:https';
import type { Delivery } from '../../store/index.ts';
import type { WebhookSettings } from '../settings.ts';
import { resolveGuarded } from './resolve-guarded.ts';
import { signatureOf } from './signature.ts';

/** How an attempt ended; `result` says it in words without anything that the other side sent. */
export interface Answer {
  ok: boolean;
  result: string;
}

const TIMEOUT_MS = 15_000;

/**
 * Posts an event. The name is resolved once and that address is connected to, so that what was
 * checked is what is reached; redirects are not followed; of the answer only the status is read.
 */
export async function post(
  webhook: WebhookSettings,
  { id, body }: Pick<Delivery, 'id' | 'body'>,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const { hostname } = webhook.url;
    const address = await resolveGuarded(hostname.replace(/^\[|\]$/g, ''), webhook.allow);
    const timestamp = Math.floor(Date.now() / 1000);
    const status = await send(webhook, address, body, signal, {
      'content-type': 'application/json',
      'user-agent': 'Culvert',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf(webhook.secret, id, timestamp, body),
    });
    return { ok: status >= 200 && status < 300, result: `status ${status}` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, result: code ?? message };
  }
}

function send(
  { url, ca }: WebhookSettings,
  address: { address: string; family: number },
  body: string,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      lookup: (_host, { all }, done) => {
        if (all) done(null, [address]);
        else done(null, address.address, address.family);
      },
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(ca !== undefined && { ca }),
    });
    call.on('error', reject);
    call.on('response', (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    call.end(body);
  });
}
