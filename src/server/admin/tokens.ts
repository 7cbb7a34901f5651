import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Problem } from '../../domain/problem.ts';
import { checkSources, SourcesSchema } from '../../domain/source-list.ts';
import { type EnrolmentToken, listTokens, revokeToken } from '../../store/index.ts';
import { findSlot } from '../find-tunnel.ts';
import { changeAndWake, type Services } from '../services.ts';
import { callerOf, eventBy } from './caller.ts';
import { findOwnTunnel } from './find-own-tunnel.ts';
import { issueToken, MAX_TOKEN_USES, TOKEN_LIFETIME, tokenCreated } from './issue-token.ts';
import {
  describe,
  IdParams,
  listOf,
  Moment,
  PageQuery,
  seconds,
  secondsOrNull,
  wholeAnswer,
} from './shapes.ts';

const { min: minimum, max: maximum } = TOKEN_LIFETIME;

const TokenRequest = Type.Object(
  {
    slot: Type.Integer({ minimum: 1, default: 1 }),
    /** Seconds. */
    expires_in: Type.Integer({ minimum, maximum, default: TOKEN_LIFETIME.default }),
    /** How many keys it may register. Above 1, for a host that is rebuilt, each replaces the last. */
    uses: Type.Integer({ minimum: 1, maximum: MAX_TOKEN_USES, default: 1 }),
    /** Addresses or CIDR blocks that it may be used from; any when empty. */
    sources: Type.Optional(SourcesSchema),
    /** True: a key waits until the vendor accepts its fingerprint. */
    confirm: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
);

const IssuedAnswer = Type.Object({
  id: Type.String(),
  token: Type.String(),
  expires_at: Type.Integer(),
  command: Type.String(),
  token_command: Type.String(),
});

const TokenAnswer = Type.Object({
  id: Type.String(),
  slot: Type.Integer(),
  expires_at: Type.Integer(),
  uses: Type.Integer(),
  max_uses: Type.Integer(),
  sources: SourcesSchema,
  confirm: Type.Boolean(),
  created_at: Type.Integer(),
  revoked_at: Moment,
});

const TokenParams = Type.Object({ id: Type.String(), token: Type.String() });

/** Enrolment tokens of a tunnel. */
export async function tokens(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { db } = services.store;

  app.post(
    '/v1/tunnels/:id/tokens',
    {
      config: { access: { scope: 'tokens:create' } },
      schema: {
        ...describe('Make an enrolment token; it is shown once'),
        params: IdParams,
        body: TokenRequest,
        response: { 201: IssuedAnswer },
      },
    },
    async (request, reply) => {
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const slot = await findSlot(db, tunnel.id, request.body.slot);
      const { sources = [], ...asked } = request.body;
      const terms = {
        ...asked,
        tunnel: tunnel.id,
        slot: slot.number,
        sources: checkSources('sources', sources),
      };
      const issued = await changeAndWake(services, [], async (trx, at) => {
        const result = await issueToken(trx, services.settings, terms, at);
        return { result, events: [tokenCreated(request, terms, result)] };
      });
      return reply.code(201).send(issued);
    },
  );

  app.get(
    '/v1/tunnels/:id/tokens',
    {
      config: { access: { scope: 'tunnels:read' } },
      schema: {
        ...describe('List enrolment tokens, without their secrets'),
        params: IdParams,
        querystring: PageQuery,
        response: { 200: listOf(TokenAnswer) },
      },
    },
    async (request) => {
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      return wholeAnswer(await listTokens(db, tunnel.id), answer);
    },
  );

  app.delete(
    '/v1/tunnels/:id/tokens/:token',
    {
      config: { access: { scope: 'tokens:create' } },
      schema: {
        ...describe('Revoke an enrolment token; keys that came by it stay'),
        params: TokenParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { token } = request.params;
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      await changeAndWake(services, [], async (trx, at) => {
        const revoked = await revokeToken(trx, tunnel.id, token, at);
        if (!revoked) throw noSuchToken();
        const { id: token_id, slot, expires_at, max_uses, sources, confirm, spent_by } = revoked;
        const before = { token_id, slot, expires_at, max_uses, sources, confirm, spent_by };
        const event = eventBy(request, 'token.revoked', tunnel.id, { before });
        return { result: undefined, events: [event] };
      });
      return reply.code(204).send(null);
    },
  );
}

function noSuchToken(): Problem {
  return new Problem('not-found', 'this tunnel has no such token, or it was revoked', {
    next: "List the tunnel's tokens to find its id.",
  });
}

function answer(token: EnrolmentToken): Static<typeof TokenAnswer> {
  return {
    id: token.id,
    slot: token.slot,
    expires_at: seconds(token.expires_at),
    uses: token.spent_by.length,
    max_uses: token.max_uses,
    sources: token.sources,
    confirm: token.confirm,
    created_at: seconds(token.created_at),
    revoked_at: secondsOrNull(token.revoked_at),
  };
}
