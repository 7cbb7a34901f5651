import type { FastifyReply } from 'fastify';

/** Aborted once the caller has hung up or was answered. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
