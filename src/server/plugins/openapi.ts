import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { Access } from './access.ts';

/** Describes every route at /openapi.json, and for people at /docs. Register it before the routes. */
export async function describeRoutes(app: FastifyInstance, publicUrl: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Culvert',
        description: 'Onboarding of SSH tunnels to private databases.',
        version: '1',
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          apiToken: { type: 'http', scheme: 'bearer', bearerFormat: 'cva_…' },
          enrolmentToken: { type: 'http', scheme: 'bearer', bearerFormat: 'cvt_…' },
          agentCredential: { type: 'http', scheme: 'bearer', bearerFormat: 'cvg_…' },
        },
      },
    },
    transform: ({ schema, url, route }) => ({
      schema: { ...schema, ...securityOf(route.config?.access) },
      url,
    }),
  });
  app.get(
    '/openapi.json',
    { config: { access: 'public' }, schema: { hide: true } },
    async (_request, reply) => reply.header('cache-control', 'no-cache').send(app.swagger()),
  );
  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
    });
    await docs.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  });
}

function securityOf(access: Access | undefined): object {
  if (access === 'agent') return { security: [{ agentCredential: [] }] };
  if (access === 'proof') return { security: [{ enrolmentToken: [] }, {}] };
  if (typeof access !== 'object') return { security: [] };
  return { security: [{ apiToken: [access.scope] }] };
}
