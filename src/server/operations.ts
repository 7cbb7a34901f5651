import type { FastifyInstance } from 'fastify';
import { Problem } from '../domain/problem.ts';
import { pendingMigrations } from '../store/index.ts';
import type { Services } from './services.ts';

/**
 * For whoever runs the server. All public and without secrets; a reverse proxy may keep /metrics
 * inside.
 */
export async function operations(app: FastifyInstance, services: Services): Promise<void> {
  const config = { access: 'public' } as const;
  const schema = (summary: string) => ({ summary, tags: ['operations'] });

  app.get('/healthz', { config, schema: schema('The process runs') }, async () => ({
    status: 'ok',
  }));

  app.get('/readyz', { config, schema: schema('The store answers and is migrated') }, async () => {
    const pending = await pendingMigrations(services.store).catch((error: Error) => {
      app.log.error({ err: error }, 'the store does not answer');
      throw unavailable('the store does not answer', 'Look at the store and at the log.');
    });
    if (pending.length > 0) {
      throw unavailable('the store is not migrated', 'Run culvert migrate.');
    }
    return { status: 'ok' };
  });

  app.get('/metrics', { config, schema: schema('Prometheus metrics') }, async (_request, reply) => {
    const text = await services.metrics.text();
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
}

function unavailable(detail: string, next: string): Problem {
  return new Problem('unavailable', detail, { next, retryAfter: 5 });
}
