import type { FastifyInstance } from 'fastify';

/**
 * One line a request. The route's pattern stands for the address: a tunnel's id in it is a
 * capability. Neither headers nor bodies are ever logged.
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const line = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      from: request.ip,
    };
    request.log[reply.statusCode >= 500 ? 'error' : 'info'](line, 'request');
    done();
  });
}
