import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../domain/problem.ts';
import { isConnectionLost } from '../../store/index.ts';
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

function problemOf(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (!isConnectionLost(error)) return problemOfFramework(error);
  return new Problem('unavailable', 'the store does not answer', {
    next: 'Try again in a few seconds.',
    retryAfter: 5,
  });
}

/** Fastify's own refusals (parsing, limits, validation) in our words. */
function problemOfFramework(error: FastifyError): Problem {
  if (error.validation) return problemOfValidation(error);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new Problem('body-too-large', 'the body is larger than this route takes', {
      field: 'body',
      next: 'Send only the documented fields.',
    });
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new Problem('body-invalid', 'the body is of a type that this route does not read', {
      field: 'content-type',
      next: 'Send application/json; enrolment and keys also take text/plain lines.',
    });
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Problem('body-invalid', 'the request cannot be read', {
      field: 'body',
      next: 'Send one well-formed JSON object.',
    });
  }
  return new Problem('internal', 'something failed on our side', {
    next: 'Try again; if it repeats, give the time of this request to the operator.',
  });
}

/** Where a framework's refusal has a truer status than its code. */
function statusOfFramework(error: FastifyError | Problem): number | undefined {
  return error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' ? 415 : undefined;
}

function problemOfValidation(error: FastifyError): Problem {
  // Errors of one unknown field come in pairs; the first that names a field says enough.
  const first = error.validation?.[0];
  const params = (first?.params ?? {}) as { requiredProperties?: string[] };
  const path = (first?.instancePath ?? '').split('/').slice(1).map(unescapePointer);
  const missing = params.requiredProperties?.[0];
  const field = [...path, ...(missing === undefined ? [] : [missing])].join('.');
  const whole = error.validationContext === 'body' ? 'body' : 'query';
  const named = field === '' ? whole : field;
  return new Problem('value-invalid', `${named}: ${reason(first, missing)}`, {
    field: named,
    next: `Correct ${named} and send the request again.`,
  });
}

function reason(
  first: { keyword: string; message?: string } | undefined,
  missing?: string,
): string {
  if (missing !== undefined) return 'is missing';
  // TypeBox reports an unknown property as one whose schema is `false`.
  if (first?.keyword === 'boolean') return 'is not a field of this request';
  return first?.message ?? 'is not as documented';
}

/** One part of a JSON pointer (RFC 6901, section 4). */
function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
