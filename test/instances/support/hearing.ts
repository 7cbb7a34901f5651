import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { send } from './balancer.ts';
import { type Cluster, newTunnel, type Place } from './cluster.ts';
import type { Instance } from './instance.ts';

/** Time for a long poll to have arrived. */
const SETTLE_MS = 100;

let named = 0;

/**
 * An agent waits at one instance while another one makes a change: milliseconds from the change's
 * answer to the agent's.
 */
export async function hearingTime(
  { adminToken }: Cluster,
  place: Place,
  { waitsAt, changesAt }: { waitsAt: Instance; changesAt: Instance },
  justBefore: () => Promise<unknown> = async () => {},
): Promise<number> {
  const state = (query: string) =>
    send(waitsAt.url, { path: `/agent/v1/state?${query}`, token: place.credential });
  const { revision } = (await state('since=0')).body;
  const heard = state(`since=${revision}&wait=25`).then(({ body }) => ({ body, at: Date.now() }));
  await delay(SETTLE_MS);
  await justBefore();
  named += 1;
  const made = await send(changesAt.url, {
    method: 'POST',
    path: '/v1/tunnels',
    token: adminToken,
    body: newTunnel(place, `heard-${named}`),
  });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  const changedAt = Date.now();
  const { body, at } = await heard;
  if (!(body?.revision > revision)) throw new Error(`heard ${JSON.stringify(body)}`);
  return Math.max(0, at - changedAt);
}

/** Cuts the connections that listen, and gives how many there were. */
export async function cutListeners({ store }: Pick<Cluster, 'store'>): Promise<number> {
  const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'culvert changes'`.execute(store.db);
  return rows.length;
}
