import type { FastifyRequest } from 'fastify';
import type { TunnelServer } from '../../domain/region.ts';

/** Whose agent calls, on a route for agents. */
export function agentOf({ agent }: FastifyRequest): TunnelServer {
  if (!agent) throw new Error('a route for agents without authentication');
  return agent;
}

export function describe(summary: string) {
  return { summary, tags: ['agent'] };
}
