import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions } from 'fastify';
import type { Logger } from 'pino';
import type { Scope } from '../../../src/domain/scope.ts';
import { SCOPES } from '../../../src/domain/scope.ts';
import { mintToken } from '../../../src/domain/token.ts';
import { type Catalogue, loadCatalogue } from '../../../src/render/index.ts';
import { buildApp, type ServerSettings } from '../../../src/server/index.ts';
import {
  change,
  insertApiToken,
  migrate,
  openStore,
  type Store,
} from '../../../src/store/index.ts';

export const PUBLIC_URL = 'https://culvert.example';

export const SETTINGS: ServerSettings = {
  publicUrl: PUBLIC_URL,
  trustProxy: [],
  vendor: { slug: 'acme', name: 'Acme' },
  serviceName: 'h_autossh',
};

const GOOD = { GET: 200, POST: 201, PATCH: 200, DELETE: 204 };

const ownCatalogue = loadCatalogue();

/** A control plane on a real store, with a token that may do everything. */
export interface ControlPlane extends AsyncDisposable {
  app: FastifyInstance;
  store: Store;
  adminToken: string;
  /** Calls the admin API; gives the parsed answer, or fails when the status is another. */
  api<T>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    body?: object,
    status?: number,
  ): Promise<T>;
}

export interface ControlPlaneOptions {
  /** A migrated store; a SQLite file of its own when left out. */
  store?: Store;
  settings?: Partial<ServerSettings>;
  /** Other templates than those of this checkout. */
  catalogue?: Catalogue;
  logger?: Logger;
}

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'culvert-server-'));
  const store = options.store ?? (await openStore(`sqlite:${join(folder, 'culvert.db')}`));
  await migrate(store);
  const settings = { ...SETTINGS, ...options.settings };
  const { logger, catalogue = ownCatalogue } = options;
  const app = await buildApp({ store, catalogue, settings, ...(logger && { logger }) });
  const adminToken = await apiToken(store, [...SCOPES]);
  return {
    app,
    store,
    adminToken,
    async api<T>(
      method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
      url: string,
      body?: object,
      status = GOOD[method],
    ) {
      const headers = { authorization: `Bearer ${adminToken}` };
      const call: InjectOptions = { method, url, headers, ...(body && { payload: body }) };
      const answer = await app.inject(call);
      if (answer.statusCode !== status) {
        throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
      }
      return (answer.body === '' ? undefined : answer.json()) as T;
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      if (!options.store) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes an API token straight in the store, as `culvert api-token create` does. */
export async function apiToken(
  store: Store,
  scopes: Scope[],
  more: { accounts?: string[]; expires_at?: number } = {},
): Promise<string> {
  const { id, hash, token } = mintToken('api');
  await change(store, { regions: [] }, async (trx, at) => {
    const row = { id, hash, name: 'test', scopes, accounts: null, expires_at: null, ...more };
    const result = await insertApiToken(trx, row, at);
    return { result, events: [] };
  });
  return token;
}
