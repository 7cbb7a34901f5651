import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Problem } from '../../domain/problem.ts';
import { checkTunnel, TunnelSchema } from '../../domain/tunnel.ts';
import { insertTunnel, listTunnels, removeTunnel } from '../../store/index.ts';
import { type ApiCaller, reachesAccount, requireScope } from '../api-caller.ts';
import { changeAndWake, type Services } from '../services.ts';
import { callerOf, eventBy } from './caller.ts';
import { findOwnTunnel } from './find-own-tunnel.ts';
import { findRegion } from './find-region.ts';
import { issueToken, tokenCreated } from './issue-token.ts';
import { describe, IdParams, listOf, PageQuery } from './shapes.ts';
import { SlotInstallers, slotInstallers } from './slot-installers.ts';
import { TunnelAnswer, tunnelAnswer } from './tunnel-answer.ts';

const CreatedAnswer = Type.Object({
  ...TunnelAnswer.properties,
  /** With `issue_token`, once. */
  token: Type.Optional(Type.String()),
  token_command: Type.Optional(Type.String()),
  token_expires_at: Type.Optional(Type.Integer()),
});

const ShownAnswer = Type.Object({
  ...TunnelAnswer.properties,
  installers: Type.Array(SlotInstallers),
});

/** Databases of customers. */
export async function tunnels(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { store, settings } = services;
  const { db } = store;

  app.post(
    '/v1/tunnels',
    {
      config: { access: { scope: 'tunnels:write' } },
      schema: {
        ...describe('Add a tunnel, with a token if asked'),
        body: TunnelSchema,
        response: { 201: CreatedAnswer },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { account, issue_token = false } = request.body;
      const { slots = 1 } = request.body;
      const input = { ...checkTunnel(request.body), account_id: account };
      if (issue_token) requireScope(caller, 'tokens:create', 'issue_token');
      requireAccount(caller, account);
      const region = await findRegion(db, request.body.region, 'region');
      const { tunnel, issued } = await changeAndWake(services, [region.id], async (trx, at) => {
        const { tunnel } = await insertTunnel(trx, { ...input, slots, region_id: region.id }, at);
        const place = { tunnel: tunnel.id, slot: 1 };
        const issued = issue_token ? await issueToken(trx, settings, place, at) : undefined;
        const after = { ...input, slots, region_id: region.id };
        const events = [eventBy(request, 'tunnel.created', tunnel.id, { after })];
        if (issued) events.push(tokenCreated(request, place, issued));
        return { result: { tunnel, issued }, events };
      });
      return reply.code(201).send({
        ...(await tunnelAnswer(db, settings, tunnel)),
        ...(issued && {
          token: issued.token,
          token_command: issued.token_command,
          token_expires_at: issued.expires_at,
        }),
      });
    },
  );

  app.get(
    '/v1/tunnels',
    {
      config: { access: { scope: 'tunnels:read' } },
      schema: {
        ...describe('List tunnels and their states'),
        querystring: PageQuery,
        response: { 200: listOf(TunnelAnswer) },
      },
    },
    async (request) => {
      const { items, next } = await listTunnels(db, request.query, callerOf(request).accounts);
      const answers = await Promise.all(items.map((item) => tunnelAnswer(db, settings, item)));
      return { items: answers, next_cursor: next };
    },
  );

  app.get(
    '/v1/tunnels/:id',
    {
      config: { access: { scope: 'tunnels:read' } },
      schema: {
        ...describe('A tunnel and its state'),
        params: IdParams,
        response: { 200: ShownAnswer },
      },
    },
    async (request) => {
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const answer = await tunnelAnswer(db, settings, tunnel);
      return { ...answer, installers: await slotInstallers(services, tunnel) };
    },
  );

  app.delete(
    '/v1/tunnels/:id',
    {
      config: { access: { scope: 'tunnels:write' } },
      schema: {
        ...describe('Remove a tunnel with its keys and tokens, for good'),
        params: IdParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id, region_id } = await findOwnTunnel(db, callerOf(request), request.params.id);
      await changeAndWake(services, [region_id], async (trx, at) => {
        const { tunnel, fingerprints, tokens } = await removeTunnel(trx, id, at);
        const { slug, name, account_id, database } = tunnel;
        const before = { slug, name, account_id, region_id, database, fingerprints, tokens };
        return { result: undefined, events: [eventBy(request, 'tunnel.removed', id, { before })] };
      });
      return reply.code(204).send(null);
    },
  );
}

function requireAccount(caller: ApiCaller, account: string): void {
  if (reachesAccount(caller, account)) return;
  throw new Problem('not-found', 'there is no such account', {
    field: 'account',
    next: 'List the accounts to find its id.',
  });
}
