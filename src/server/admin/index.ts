import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { accounts } from './accounts.ts';
import { audit } from './audit.ts';
import { checks } from './checks.ts';
import { keys } from './keys.ts';
import { regions } from './regions.ts';
import { reviewers } from './reviewers.ts';
import { servers } from './servers.ts';
import { slots } from './slots.ts';
import { tokens } from './tokens.ts';
import { tunnels } from './tunnels.ts';

/** What the vendor's programs call, with an API token. Answers may hold secrets: never cached. */
export async function admin(app: FastifyInstance, services: Services): Promise<void> {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });
  const ofTunnels = [tunnels, slots, checks, tokens, keys];
  for (const area of [regions, servers, accounts, reviewers, ...ofTunnels, audit]) {
    await app.register(area, services);
  }
}
