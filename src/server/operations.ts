import type { FastifyInstance } from 'fastify';
import { Problem } from '../domain/problem.ts';
import { checkSchema } from '../store/index.ts';
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
    await checkSchema(services.store).catch((error: Error) => {
      if (error instanceof Problem) throw error;
      app.log.error({ err: error }, 'the store does not answer');
      throw new Problem('unavailable', 'the store does not answer', {
        next: 'Look at the store and at the log.',
        retryAfter: 5,
      });
    });
    return { status: 'ok' };
  });

  app.get('/metrics', { config, schema: schema('Prometheus metrics') }, async (_request, reply) => {
    const text = await services.metrics.text();
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
}
