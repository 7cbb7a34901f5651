import { type IdPrefix, isId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import type { ApiClient } from './api-client.ts';

const LISTS = {
  reg: { path: '/v1/regions', word: 'region' },
  acc: { path: '/v1/accounts', word: 'account' },
  tun: { path: '/v1/tunnels', word: 'tunnel' },
} as const satisfies Partial<Record<IdPrefix, { path: string; word: string }>>;

/** The id of what a person named by its id or its slug. Throws `not-found` when nothing has that slug. */
export async function resolveId(
  client: ApiClient,
  prefix: keyof typeof LISTS,
  name: string,
): Promise<string> {
  if (isId(prefix, name)) return name;
  const { path, word } = LISTS[prefix];
  const items = await client.list<{ id: string; slug: string }>(path);
  const found = items.find((item) => item.slug === name);
  if (found) return found.id;
  throw new Problem('not-found', `there is no ${word} ${JSON.stringify(name)}`, {
    field: word,
    next: `See what there is: culvert ${word} list`,
  });
}
