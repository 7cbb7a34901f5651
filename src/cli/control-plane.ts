import type { Logger } from 'pino';
import { Problem } from '../domain/problem.ts';
import { loadCatalogue } from '../render/index.ts';
import { buildApp, type ServerSettings } from '../server/index.ts';
import type { ListenAddress } from '../setting-grammar.ts';
import { checkSchema, ensureInstallation, type Store } from '../store/index.ts';

export interface ControlPlane {
  /** Ends in order: answers what was asked, takes nothing new. */
  close(): Promise<void>;
}

/** Starts the control plane on a migrated store. Throws `unavailable` when it cannot listen there. */
export async function startControlPlane(
  store: Store,
  settings: ServerSettings,
  listen: ListenAddress,
  logger: Logger,
): Promise<ControlPlane> {
  const newer = await checkSchema(store);
  if (newer.length > 0) {
    logger.warn({ newer }, 'a newer Culvert has migrated the store: replace this version soon');
  }
  await ensureInstallation(store, {
    vendor_slug: settings.vendor.slug,
    vendor_name: settings.vendor.name,
    service_name: settings.serviceName,
    public_url: settings.publicUrl,
  });
  const app = await buildApp({ store, catalogue: loadCatalogue(), settings, logger });
  try {
    await app.listen(listen);
  } catch (error) {
    await app.close();
    throw listenProblem(error as NodeJS.ErrnoException, listen);
  }
  return { close: () => app.close() };
}

function listenProblem(error: NodeJS.ErrnoException, { host, port }: ListenAddress): Error {
  if (error.syscall !== 'listen' && error.syscall !== 'getaddrinfo') return error;
  const reason =
    error.code === 'EADDRINUSE' ? 'another process listens there already' : error.message;
  return new Problem('unavailable', `cannot listen on ${host} port ${port}: ${reason}`, {
    next: 'End the other process, or choose another port.',
  });
}
