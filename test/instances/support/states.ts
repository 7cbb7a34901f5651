import { until } from '../../support/until.ts';
import type { Cluster } from './cluster.ts';
import { knock } from './knock.ts';
import type { Tunnel } from './vendor-side.ts';

/** How a tunnel is to be: what a knock at its port hears, and its key. */
export interface State {
  port: Awaited<ReturnType<typeof knock>>;
  key: 'active' | 'none';
}

export const UP: State = { port: 'answers', key: 'active' };
export const UP_WITHOUT_DATABASE: State = { port: 'closed', key: 'active' };
export const DOWN: State = { port: 'refused', key: 'active' };
export const NO_KEY: State = { port: 'refused', key: 'none' };

export interface Wanted {
  tunnel: Tunnel;
  wanted: State;
}

/** Waits until all are as they must be; fails with where they are not. */
export async function untilRight(
  cluster: Cluster,
  all: readonly Wanted[],
  withinMs: number,
): Promise<void> {
  let wrong: string[] = [];
  const isRight = async () => {
    wrong = await differences(cluster, all);
    return wrong.length === 0;
  };
  await until(() => wrong.join('\n'), isRight, withinMs);
}

/** Where ports and the API's answer are not as they must be, by two ways of asking. */
export async function differences(
  { call, adminToken: token }: Cluster,
  all: readonly Wanted[],
): Promise<string[]> {
  const answer = await call({ path: '/v1/tunnels?limit=100', token }).catch(() => undefined);
  if (answer?.status !== 200) return [`the API does not answer: ${JSON.stringify(answer)}`];
  const wrong: string[] = [];
  for (const { tunnel, wanted } of all) {
    const found = answer.body.items.find(({ id }: { id: string }) => id === tunnel.id);
    const { key, session, session_key, database } = found.slots[0].status;
    const isUp = wanted.port !== 'refused';
    const expected = {
      port: wanted.port,
      key: wanted.key,
      session: isUp ? 'up' : 'down',
      session_key: isUp ? tunnel.key.fingerprint : '',
      database: isUp ? wanted.port : 'unprobed',
    };
    const actual = { port: await knock(tunnel.port), key, session, session_key, database };
    if (JSON.stringify(actual) === JSON.stringify(expected)) continue;
    wrong.push(`${tunnel.name}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
  return wrong;
}
