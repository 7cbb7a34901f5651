import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  AgentReportAnswerSchema,
  AgentReportSchema,
  AgentStateSchema,
  JoinAnswerSchema,
  JoinRequestSchema,
  MAX_WAIT_SECONDS,
} from '../../domain/agent-protocol.ts';
import { Problem } from '../../domain/problem.ts';
import { recordReport } from '../../store/index.ts';
import { limitFailures } from '../failure-limit.ts';
import { goneSignal } from '../gone-signal.ts';
import type { Services } from '../services.ts';
import { agentOf, describe } from './agent-route.ts';
import { checks } from './checks.ts';
import { join } from './join.ts';
import { differsFrom, readState } from './read-state.ts';
import { waitForRevision } from './wait-for-revision.ts';

/** 20,000 slots of about 400 bytes each. */
const REPORT_LIMIT = 8 * 1024 * 1024;

const StateQuery = Type.Object(
  {
    since: Type.Integer({ minimum: 0, default: 0 }),
    /** Of the caller's keys at that revision. */
    digest: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    wait: Type.Integer({ minimum: 0, maximum: MAX_WAIT_SECONDS, default: 0 }),
  },
  { additionalProperties: false },
);

/** What agents on tunnel servers call. */
export async function agents(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const limit = await limitFailures(app);
  // Long polls would hold a shutdown up.
  app.addHook('preClose', (done) => {
    services.wakeUps.close();
    done();
  });

  app.post(
    '/agent/v1/join',
    {
      config: { access: 'proof' },
      schema: {
        ...describe('Join a region with a join token'),
        body: JoinRequestSchema,
        response: { 200: JoinAnswerSchema },
      },
    },
    async (request) => {
      try {
        return await join(services, request.body, request.ip);
      } catch (error) {
        throw error instanceof Problem ? await limit.refuse(request, error) : error;
      }
    },
  );

  app.get(
    '/agent/v1/state',
    {
      config: { access: 'agent' },
      schema: {
        ...describe('Wait for a change of keys'),
        querystring: StateQuery,
        response: { 200: AgentStateSchema, 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const server = agentOf(request);
      const { wait, digest } = request.query;
      const isAstray = await differsFrom(services.store, server, request.query.since, digest);
      const since = isAstray ? 0 : request.query.since;
      const poll = { region: server.region_id, since, ms: wait * 1000 };
      const region = await waitForRevision(services, poll, goneSignal(reply));
      if (!region) return reply.code(204).send(null);
      const state = await readState(services.store, server, region, since);
      return { ...state, since: request.query.since };
    },
  );

  app.post(
    '/agent/v1/report',
    {
      config: { access: 'agent' },
      bodyLimit: REPORT_LIMIT,
      schema: {
        ...describe('Report sessions and probes'),
        body: AgentReportSchema,
        response: { 200: AgentReportAnswerSchema },
      },
    },
    async (request) => {
      const { full } = await recordReport(services.store, agentOf(request).id, request.body);
      return { full };
    },
  );

  await instance.register(checks, services);
}
