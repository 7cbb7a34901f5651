import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/**
 * Safe headers of every answer in this scope. Not for script routes: helmet costs half their speed.
 * Strict-Transport-Security is left to whatever ends TLS: it binds a whole host name.
 */
export async function addSafeHeaders(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}
