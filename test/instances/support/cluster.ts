import { SCOPES } from '../../../src/domain/scope.ts';
import { migrate, openStore, type Store } from '../../../src/store/index.ts';
import { apiToken } from '../../server/support/control-plane.ts';
import { type Answer, type Call, createBalancer } from './balancer.ts';
import { type Instance, startInstance } from './instance.ts';
import { makeNodeKey } from './node-key.ts';

/** Several control planes on one store, and a client of them that may do everything. */
export interface Cluster extends AsyncDisposable {
  /** The store itself, for the test to look into. */
  store: Store;
  instances: Instance[];
  /** Any call, through the balancer. */
  call(call: Call): Promise<Answer>;
  /** A call of the admin API; fails when it is refused. */
  api(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Answer['body']>;
  adminToken: string;
}

export interface ClusterOptions {
  /** The store's address, one for each instance. */
  stores: string[];
  settings?: Record<string, string>;
}

/** Migrates the store and starts an instance for each address of it. */
export async function startCluster({ stores, settings }: ClusterOptions): Promise<Cluster> {
  const store = await openStore(stores[0] ?? '');
  await migrate(store);
  const adminToken = await apiToken(store, [...SCOPES]);
  const instances = await Promise.all(stores.map((url) => startInstance(url, settings)));
  const call = createBalancer(instances);
  return {
    store,
    instances,
    call,
    adminToken,
    async api(method, path, body) {
      const answer = await call({ method, path, token: adminToken, ...(body && { body }) });
      if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(instances.map((instance) => instance.kill()));
      await store.close();
    },
  };
}

/** A region whose tunnel server has joined, and an account. */
export interface Place {
  region: string;
  account: string;
  server: string;
  /** The tunnel server's. */
  credential: string;
}

let named = 0;

/** Makes a place with that many tunnel ports. */
export async function makePlace({ api }: Cluster, ports: number): Promise<Place> {
  named += 1;
  const region = await api('POST', '/v1/regions', {
    slug: `region-${named}`,
    name: 'Europe',
    first_tunnel_port: 10_000,
    last_tunnel_port: 10_000 + ports - 1,
  });
  const host = { host: `eu${named}.example`, aliases: [] };
  const { join_token } = await api('POST', `/v1/regions/${region.id}/servers`, host);
  const { server, credential } = await api('POST', '/agent/v1/join', {
    join_token,
    host_keys: { active: makeNodeKey().publicKey, spare: makeNodeKey().publicKey },
    mode: 'root',
    login: 'tunnel',
    openssh: 'OpenSSH_9.2p1',
    protocol: 1,
  });
  const account = await api('POST', '/v1/accounts', { slug: `account-${named}`, name: 'Customer' });
  return { region: region.id, account: account.id, server, credential };
}

/** What makes a tunnel there. */
export function newTunnel({ region, account }: Place, slug: string) {
  const database = { type: 'postgresql', host: 'db.example', port: 5432 };
  return { slug, name: 'Orders', account, region, database };
}
