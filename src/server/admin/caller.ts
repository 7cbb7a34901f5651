import type { FastifyRequest } from 'fastify';
import type { AuditEvent, AuditValues } from '../../domain/audit.ts';
import type { ApiCaller } from '../api-caller.ts';

/** Who calls, on a route with a scope. */
export function callerOf({ caller }: FastifyRequest): ApiCaller {
  if (!caller) throw new Error('a route with a scope without authentication');
  return caller;
}

/** The audit's event of an act of the caller. */
export function eventBy(
  request: FastifyRequest,
  action: string,
  subject: string,
  values: AuditValues,
): AuditEvent {
  return {
    action,
    actor: `api:${callerOf(request).tokenId}`,
    subject,
    from: request.ip,
    ...values,
  };
}
