import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { TunnelServer } from '../../domain/region.ts';
import type { Scope } from '../../domain/scope.ts';
import type { Store } from '../../store/index.ts';
import { authenticateAgent } from '../agents/authenticate-agent.ts';
import { type ApiCaller, authenticateApiCaller } from '../api-caller.ts';

/**
 * What a caller must have: nothing · the tunnel's id in the address · a token or proof that the route
 * itself checks · an agent's credential · an API token with that scope.
 */
export type Access = 'public' | 'capability' | 'proof' | 'agent' | { scope: Scope };

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Set on routes with a scope. */
    caller: ApiCaller | null;
    /** Set on routes for agents. */
    agent: TunnelServer | null;
  }
}

/** Checks what each route states in `config.access`. A route that states nothing stops the start. */
export function checkAccess(app: FastifyInstance, store: Store): void {
  const routes: RouteOptions[] = [];
  app.decorateRequest('caller', null);
  app.decorateRequest('agent', null);

  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  // Not before: hooks of inner scopes may still state the access of what a library adds.
  app.addHook('onReady', (done) => {
    const silent = routes.filter(({ config }) => !config?.access).map(({ url }) => url);
    done(silent.length > 0 ? new Error(`no access stated: ${silent.join(', ')}`) : undefined);
  });

  app.addHook('onRequest', (request, _reply, done) => {
    const { access } = request.routeOptions.config;
    if (access === 'agent') {
      authenticateAgent(store, bearer(request)).then((agent) => {
        request.agent = agent;
        done();
      }, done);
    } else if (typeof access === 'object') {
      authenticateApiCaller(store, bearer(request), access.scope).then((caller) => {
        request.caller = caller;
        done();
      }, done);
    } else {
      const isOpen = access !== undefined || request.is404;
      done(isOpen ? undefined : new Error('a route without access'));
    }
  });
}

/** The credential of `Authorization: Bearer …`, or an empty string. */
export function bearer(request: FastifyRequest): string {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
}
