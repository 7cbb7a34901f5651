import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { listAudit } from '../../store/index.ts';
import type { Services } from '../services.ts';
import { describe, listOf, PageQuery, pageAnswer } from './shapes.ts';

/** A row as it was hashed, so that a reader can check the chain. */
const AuditAnswer = Type.Object({
  seq: Type.Integer(),
  /** Canonical JSON of the event; `hash` is over `prev`, a newline, and this. */
  bytes: Type.String(),
  prev: Type.String(),
  hash: Type.String(),
});

/** What was changed, by whom. */
export async function audit(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.get(
    '/v1/audit',
    {
      config: { access: { scope: 'audit:read' } },
      schema: {
        ...describe('The audit, oldest first'),
        querystring: PageQuery,
        response: { 200: listOf(AuditAnswer) },
      },
    },
    async (request) => pageAnswer(await listAudit(services.store.db, request.query), (row) => row),
  );
}
