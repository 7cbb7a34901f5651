import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../domain/problem.ts';

const WINDOW_MS = 60_000;
const FAILURES = 60;
const STATUS_REQUESTS = 1200;

/** Counts by source address (IPv6 by /64), in this process. Right requests are never counted. */
export interface FailureLimit {
  /** Gives the refusal to answer with: `problem`, or `too-many` once its source had too many. */
  refuse(request: FastifyRequest, problem: Problem): Promise<Problem>;
}

/** Sets limits up for the routes of this scope. */
export async function limitFailures(app: FastifyInstance): Promise<FailureLimit> {
  await app.register(rateLimit, {
    global: false,
    timeWindow: WINDOW_MS,
    addHeaders: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
      'retry-after': false,
    },
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
  });
  const count = app.createRateLimit({ max: FAILURES, timeWindow: WINDOW_MS });
  return {
    async refuse(request, problem) {
      const state = await count(request);
      return !state.isAllowed && state.isExceeded ? tooMany(state.ttl) : problem;
    },
  };
}

/** For `config` of the status route: an installer asks twice a second, a house of them more. */
export const STATUS_LIMIT = { max: STATUS_REQUESTS, timeWindow: WINDOW_MS };

function tooMany(ttl: number): Problem {
  return new Problem('too-many', 'too many requests from this address', {
    next: 'Wait, then try again.',
    retryAfter: Math.max(1, Math.ceil(ttl / 1000)),
  });
}
