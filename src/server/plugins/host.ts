import type { FastifyInstance } from 'fastify';
import { Problem } from '../../domain/problem.ts';

/** Names of the machine itself: health checks, the agent beside the control plane. Any port. */
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses requests that were not meant for us (421): a page elsewhere that rebinds its own name to
 * this address sends that name as Host. A browser never sends a loopback name for another site, and
 * no URL is made from Host, so loopback names are harmless.
 */
export function checkHostHeader(app: FastifyInstance, publicUrl: string): void {
  const { hostname, host, protocol } = new URL(publicUrl);
  const allowed = new Set([host]);
  if (host === hostname) allowed.add(`${hostname}:${protocol === 'https:' ? 443 : 80}`);
  app.addHook('onRequest', (request, _reply, done) => {
    const given = request.host?.toLowerCase() ?? '';
    if (allowed.has(given) || LOOPBACK.test(given)) return done();
    done(
      new Problem('host-unknown', 'this server does not answer to that name', {
        field: 'host',
        next: `Use ${publicUrl}; behind a reverse proxy, pass the Host header on.`,
      }),
    );
  });
}
