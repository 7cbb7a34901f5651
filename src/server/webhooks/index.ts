import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { forgetDeliveries, tellAlerts } from '../../store/index.ts';
import type { Services } from '../services.ts';
import { deliverNext } from './deliver.ts';

/** How often what is bad is compared with what was. */
const LOOK_EVERY_MS = 5000;
const FORGET_EVERY_MS = 3_600_000;

/** Tells the vendor's webhook of what goes wrong, while the server runs. */
export async function webhooks(app: FastifyInstance, services: Services): Promise<void> {
  const { webhook } = services.settings;
  if (!webhook) return;
  const { store } = services;
  const ended = new AbortController();
  const running: Promise<void>[] = [];
  const every = async (ms: number, what: string, work: () => Promise<unknown>) => {
    while (!ended.signal.aborted) {
      await work().catch((error) => app.log.error({ err: error }, `webhooks: ${what} failed`));
      await sleep(ms, undefined, { signal: ended.signal }).catch(() => {});
    }
  };
  app.addHook('onReady', async () => {
    running.push(
      every(LOOK_EVERY_MS, 'looking', () => tellAlerts(store, Date.now(), webhook.graceMs)),
      every(1000, 'delivering', async () => {
        // One after the other: what is slow to answer is not to be asked twice at once.
        while (!ended.signal.aborted && (await deliverNext(services, webhook, ended.signal)));
      }),
      every(FORGET_EVERY_MS, 'forgetting', () => forgetDeliveries(store, Date.now())),
    );
  });
  app.addHook('preClose', async () => {
    ended.abort();
    await Promise.all(running);
  });
}
