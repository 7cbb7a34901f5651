import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../../domain/problem.ts';
import { type FailureLimit, limitFailures, STATUS_LIMIT } from '../failure-limit.ts';
import { findSlot, findTunnel } from '../find-tunnel.ts';
import { bearer } from '../plugins/access.ts';
import { readLinesBodies } from '../plugins/lines-body.ts';
import { validateLines } from '../plugins/validation.ts';
import { changeAndWake, type Services } from '../services.ts';
import { sendFlat } from '../wire-form.ts';
import { changeKeys } from './change-keys.ts';
import { enrol } from './enrol.ts';
import { RefusedUse } from './refused-use.ts';
import { EnrolSchema, KeysSchema, StatusQuery, TunnelParams } from './schemas.ts';
import { slotStatus } from './slot-status.ts';

/** Largest body: two proofs and a key stay far below. */
const BODY_LIMIT = 65_536;

/** What a proxy calls: enrol a key, change keys, ask for the status. Lines or JSON, both flat. */
export async function enrolment(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  readLinesBodies(app);
  validateLines(app);
  const limit = await limitFailures(app);
  const common = { bodyLimit: BODY_LIMIT } as const;

  app.post(
    '/t/:id/v1/enrol',
    {
      ...common,
      config: { access: 'proof', lines: true },
      schema: { ...describe('Enrol a public key'), params: TunnelParams, body: EnrolSchema },
    },
    async (request, reply) => {
      const { id: tunnel } = request.params;
      const token = bearer(request);
      try {
        const call = { tunnel, token, from: request.ip, body: request.body };
        const { repeated, ...answer } = await enrol(services, call);
        services.metrics.enrolments.inc({ result: repeated ? 'repeated' : answer.result });
        return sendFlat(request, reply, { ...answer });
      } catch (error) {
        if (error instanceof Problem) services.metrics.enrolments.inc({ result: error.code });
        const refusal = await counted(limit, request, error);
        if (refusal instanceof RefusedUse) await keepRefusal(services, refusal);
        throw refusal;
      }
    },
  );

  app.post(
    '/t/:id/v1/keys',
    {
      ...common,
      config: { access: 'proof', lines: true },
      schema: { ...describe('Add or remove a key'), params: TunnelParams, body: KeysSchema },
    },
    async (request, reply) => {
      const { id: tunnel } = request.params;
      try {
        const call = { tunnel, from: request.ip, body: request.body };
        return sendFlat(request, reply, { ...(await changeKeys(services, call)) });
      } catch (error) {
        throw await counted(limit, request, error);
      }
    },
  );

  app.get(
    '/t/:id/v1/status',
    {
      config: { access: 'capability', lines: true, rateLimit: STATUS_LIMIT },
      schema: { ...describe('State of a slot'), params: TunnelParams, querystring: StatusQuery },
    },
    async (request, reply) => {
      const { db } = services.store;
      const { slot: number, key } = request.query;
      const tunnel = await findTunnel(db, request.params.id);
      const slot = await findSlot(db, tunnel.id, number);
      const now = Date.now();
      const { key: keyState, ...status } = await slotStatus(db, slot, key, now);
      return sendFlat(request, reply, {
        v: 1,
        now: Math.floor(now / 1000),
        tunnel: tunnel.id,
        slot: number,
        key: keyState,
        ...status,
      });
    },
  );
}

/** The refusal to give: its own, or `too-many` when this address had too many refusals. */
async function counted(
  limit: FailureLimit,
  request: FastifyRequest,
  error: unknown,
): Promise<unknown> {
  return error instanceof Problem ? limit.refuse(request, error) : error;
}

/** Not for refusals beyond the limit: the holder of one token must not fill the audit. */
async function keepRefusal(services: Services, { event }: RefusedUse): Promise<void> {
  await changeAndWake(services, [], async () => ({ result: undefined, events: [event] }));
}

function describe(summary: string) {
  return { summary, tags: ['customer'], consumes: ['text/plain', 'application/json'] };
}
