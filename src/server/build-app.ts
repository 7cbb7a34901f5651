import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { createDiffCache } from '../bundle/index.ts';
import type { Catalogue } from '../render/index.ts';
import type { Store } from '../store/index.ts';
import { app } from './app.ts';
import { RevisionCache } from './installers/revision-cache.ts';
import type { Kept } from './installers/script.ts';
import type { Served } from './installers/served.ts';
import { createMetrics } from './metrics.ts';
import { answerBadAddress } from './plugins/problems.ts';
import { logRequests } from './plugins/request-log.ts';
import type { ServerSettings } from './settings.ts';
import { createWakeUps } from './wake-ups.ts';

export interface AppInput {
  /** Open and migrated; the caller closes it after the server. */
  store: Store;
  catalogue: Catalogue;
  settings: ServerSettings;
  /** Silent when left out. */
  logger?: Logger;
}

/** How long a client may take to send a request, milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Builds the control plane, ready to listen. Its `close()` answers what was asked, ends long polls
 * and takes nothing new. Throws when a route states no access.
 */
export async function buildApp(input: AppInput): Promise<FastifyInstance> {
  const { store, catalogue, settings, logger } = input;
  const wakeUps = createWakeUps();
  const server = Fastify({
    ...(logger && { loggerInstance: quietLogger(logger) }),
    // We write one line a request ourselves: Fastify's holds the address, which is a capability.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: settings.trustProxy.length > 0 ? settings.trustProxy : false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Whoever ends an instance loses no request: it answers what still comes, and says goodbye with it.
    return503OnClosing: false,
    // Longer than any address can be: a wrong id is answered by its route, however long.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: answerBadAddress,
  });
  if (logger) logRequests(server as unknown as FastifyInstance);
  await server.register(app, {
    store,
    catalogue,
    settings,
    // A slot's scripts have some 300 KB; a file by its digest 130 KB, a bundle 50 KB.
    served: new RevisionCache<Served>(500),
    files: new RevisionCache<Kept>(500),
    kept: new Map(),
    compare: createDiffCache(),
    wakeUps,
    metrics: createMetrics(store),
  });
  const stopListening = store.onChange(wakeUps.wake);
  server.addHook('onClose', async () => stopListening());
  await server.ready();
  return server as unknown as FastifyInstance;
}

/** Whatever is logged of a request or an answer, never its address, headers or body. */
function quietLogger(logger: Logger): Logger {
  const nothing = () => undefined;
  return logger.child({}, { serializers: { req: nothing, res: nothing } });
}
