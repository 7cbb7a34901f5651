import { claimDelivery, type Delivery, settleDelivery } from '../../store/index.ts';
import type { Services } from '../services.ts';
import type { WebhookSettings } from '../settings.ts';
import { type Answer, post } from './post.ts';

/** Longer than an attempt may take. */
const LEASE_MS = 60_000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** An event that nobody took within this time is of no use any more. */
const GIVE_UP_AFTER_MS = 86_400_000;

/** Tries to deliver one event that is due; false where none is. */
export async function deliverNext(
  { store, metrics }: Pick<Services, 'store' | 'metrics'>,
  webhook: WebhookSettings,
  signal: AbortSignal,
): Promise<boolean> {
  const delivery = await claimDelivery(store, Date.now(), LEASE_MS);
  if (!delivery) return false;
  const answer = await post(webhook, delivery, signal);
  metrics.deliveries.inc({ result: answer.ok ? 'delivered' : 'failed' });
  await settleDelivery(store, delivery.id, outcomeOf(delivery, answer, Date.now()));
  return true;
}

/** What follows from an attempt. 410 says that nobody will ever listen there (RFC 9110, 15.5.11). */
export function outcomeOf({ created_at, attempts }: Delivery, { ok, result }: Answer, now: number) {
  if (ok) return { result, doneAt: now };
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  const isOver = result === 'status 410' || now + pause > created_at + GIVE_UP_AFTER_MS;
  return isOver ? { result: `gave up: ${result}`, doneAt: now } : { result, nextAt: now + pause };
}
