import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodeLines } from '../domain/lines.ts';

/**
 * Whether the caller of a customer's route wants JSON rather than lines: as its Accept header says,
 * and where that says neither, in the form of its own request. Shells get lines.
 */
export function wantsJson(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? '';
  if (/application\/json/i.test(accept)) return true;
  if (/text\/plain/i.test(accept)) return false;
  return /^application\/json/i.test(request.headers['content-type'] ?? '');
}

/** Answers a customer's route with flat names in the form that the caller wants. */
export function sendFlat(
  request: FastifyRequest,
  reply: FastifyReply,
  values: Record<string, string | number>,
): FastifyReply {
  reply.header('cache-control', 'no-store');
  if (wantsJson(request)) return reply.type('application/json; charset=utf-8').send(values);
  return reply.type('text/plain; charset=utf-8').send(encodeLines(values));
}
