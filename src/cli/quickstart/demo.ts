import { type Database, databaseAddress } from '../../domain/database.ts';
import { Problem } from '../../domain/problem.ts';
import type { Region, RegionInput } from '../../domain/region.ts';
import type { ApiClient } from '../api-client.ts';
import type { TunnelAnswer } from '../tunnel-answer.ts';

const REGION = 'local';
const NAME = 'demo';

/** What a quickstart was asked for; undefined means whatever it was before. */
export interface DemoInput {
  login: string;
  sshPort: number | undefined;
  database: Database | undefined;
}

const FIRST_SSH_PORT = 50022;
const FIRST_DATABASE: Database = { type: 'postgresql', host: '127.0.0.1', port: 5432 };

/** The region of this machine. Throws `conflict` when it was made with another port or login. */
export async function ensureRegion(client: ApiClient, input: DemoInput): Promise<Region> {
  const known = await bySlug<Region>(client, '/v1/regions', REGION);
  if (known === undefined) return client.create<Region>('/v1/regions', regionInput(input));
  requireSame('--ssh-port', known.port, input.sshPort);
  requireSame('user', known.login, input.login);
  return known;
}

/** The demo account's tunnel. Throws `conflict` when it was made for another database. */
export async function ensureTunnel(
  client: ApiClient,
  region: Region,
  { database }: DemoInput,
): Promise<TunnelAnswer> {
  const known = await bySlug<TunnelAnswer>(client, '/v1/tunnels', NAME);
  if (known) {
    requireSame(
      '--database',
      databaseAddress(known.database),
      database && databaseAddress(database),
    );
    return known;
  }
  const account =
    (await bySlug<{ id: string }>(client, '/v1/accounts', NAME)) ??
    (await client.create<{ id: string }>('/v1/accounts', { slug: NAME, name: 'Demo customer' }));
  return client.create<TunnelAnswer>('/v1/tunnels', {
    slug: NAME,
    name: 'Demo database',
    account: account.id,
    region: region.id,
    database: database ?? FIRST_DATABASE,
  });
}

function regionInput({ login, sshPort }: DemoInput): RegionInput {
  return {
    slug: REGION,
    name: 'This machine',
    login,
    port: sshPort ?? FIRST_SSH_PORT,
    alternate_ports: [],
    first_tunnel_port: 20000,
    last_tunnel_port: 29999,
    bind_address: '127.0.0.1',
    egress_addresses: [],
  };
}

async function bySlug<Item>(client: ApiClient, path: string, slug: string) {
  const items = await client.list<Item & { slug: string }>(path);
  return items.find((item) => item.slug === slug);
}

function requireSame<Value>(what: string, before: Value, now: Value | undefined): void {
  if (now === undefined || now === before) return;
  throw new Problem('conflict', `${what}: this folder was made with ${before}, not ${now}`, {
    field: what,
    next: `Start as before, or with another folder: --data <folder>.`,
  });
}
