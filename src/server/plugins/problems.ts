import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../domain/problem.ts';
import { isConnectionLost } from '../../store/index.ts';
import { problemOf } from '../problem-of-error.ts';
import { problemDetails, problemLines, statusOf } from '../problem-response.ts';
import { wantsJson } from '../wire-form.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Refusals as lines, for shells; the rest of the server speaks problem+json. */
    lines?: boolean;
  }
}

/** Answers what Fastify refuses before any route: an address that cannot be decoded. */
export function answerBadAddress(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const problem = new Problem('not-found', 'nothing can be served at this address', {
    next: 'Look the address up in /docs.',
  });
  sendProblem(request, reply, problem, error.statusCode ?? statusOf(problem));
}

/** Answers every error as a problem: what is wrong, in which field, what to do. Never a stack trace. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError | Problem>((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.code === 'internal' || isConnectionLost(error))
      request.log.error({ err: error }, 'request failed');
    return sendProblem(request, reply, problem, statusOfFramework(error) ?? statusOf(problem));
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem('not-found', 'nothing is served at this address', {
      next: 'Look the address up in /docs.',
    });
    return sendProblem(request, reply, problem, statusOf(problem));
  });
}

function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  status: number,
): FastifyReply {
  reply.code(status).header('cache-control', 'no-store');
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter);
  if (request.routeOptions.config.lines === true && !wantsJson(request)) {
    // wget never shows the body of a 401, so the reason stands in a header, too (RFC 6750, section 3).
    if (status === 401) reply.header('www-authenticate', bearerRefusal(problem));
    return reply.type('text/plain; charset=utf-8').send(problemLines(problem));
  }
  // Serialised here: a route's own response schema must not cut a problem.
  const body = JSON.stringify(problemDetails(problem, status));
  return reply.type('application/problem+json').send(body);
}

function bearerRefusal({ code, message }: Problem): string {
  const error = code === 'token-missing' ? 'invalid_request' : 'invalid_token';
  return `Bearer error="${error}", error_description="${message.replace(/[^\x20-\x7e]|["\\]/g, '?')}"`;
}

/** Where a framework's refusal has a truer status than its code. */
function statusOfFramework(error: FastifyError | Problem): number | undefined {
  return error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' ? 415 : undefined;
}
