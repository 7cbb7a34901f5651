import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  AskedChecksSchema,
  CheckReportSchema,
  MAX_WAIT_SECONDS,
} from '../../domain/agent-protocol.ts';
import { answerCheck, takeChecks } from '../../store/index.ts';
import { goneSignal } from '../gone-signal.ts';
import type { Services } from '../services.ts';
import { waitUntil } from '../wait-until.ts';
import { agentOf, describe } from './agent-route.ts';

/** An answer to a check has some 500 bytes; a later agent may say more. */
const CHECK_LIMIT = 16 * 1024;

/** As all that checks are made of, it may hold what a later agent says beside it. */
const ChecksQuery = Type.Object({
  wait: Type.Integer({ minimum: 0, maximum: MAX_WAIT_SECONDS, default: 0 }),
});

/** How agents hear what they are to look at now, and say what they saw. */
export async function checks(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/agent/v1/checks',
    {
      config: { access: 'agent' },
      schema: {
        ...describe('Wait to be asked for a check'),
        querystring: ChecksQuery,
        response: { 200: AskedChecksSchema, 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = agentOf(request);
      const look = async () => {
        const checks = await takeChecks(services.store, id);
        return checks.length > 0 ? checks : undefined;
      };
      const poll = { id, ms: request.query.wait * 1000 };
      const checks = await waitUntil(services, poll, look, goneSignal(reply));
      return checks ? { checks } : reply.code(204).send(null);
    },
  );

  app.post(
    '/agent/v1/checks/:id',
    {
      config: { access: 'agent' },
      bodyLimit: CHECK_LIMIT,
      schema: {
        ...describe('Answer a check'),
        params: Type.Object({ id: Type.String() }),
        body: CheckReportSchema,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await answerCheck(services.store, agentOf(request).id, id, request.body);
      services.wakeUps.wake(id);
      return reply.code(204).send(null);
    },
  );
}
