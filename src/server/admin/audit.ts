import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { AuditRowSchema } from '../../domain/audit.ts';
import { ReceiptSchema } from '../../domain/receipt.ts';
import { listAudit } from '../../store/index.ts';
import { auditReceipt } from '../audit-receipt.ts';
import type { Services } from '../services.ts';
import { describe, listOf, PageQuery, pageAnswer } from './shapes.ts';

/** What was changed, by whom; each row as it was hashed, so that a reader can check the chain. */
export async function audit(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/v1/audit',
    {
      config: { access: { scope: 'audit:read' } },
      schema: {
        ...describe('The audit, oldest first'),
        querystring: PageQuery,
        response: { 200: listOf(AuditRowSchema) },
      },
    },
    async (request) => pageAnswer(await listAudit(services.store.db, request.query), (row) => row),
  );

  app.get(
    '/v1/audit/head',
    {
      config: { access: { scope: 'audit:read' } },
      schema: {
        ...describe('A receipt: number and hash of the newest row, signed where there is a key'),
        response: { 200: ReceiptSchema },
      },
    },
    async () => auditReceipt(services),
  );
}
