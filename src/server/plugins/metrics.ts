import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

/** Observes every answer by its route's pattern: the address itself may hold a capability. */
export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const labels = { method: request.method, route, status: reply.statusCode };
    metrics.requests.observe(labels, reply.elapsedTime / 1000);
    done();
  });
}
