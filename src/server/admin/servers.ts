import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { checkTunnelServer, type TunnelServer, TunnelServerSchema } from '../../domain/region.ts';
import { mintToken } from '../../domain/token.ts';
import { insertTunnelServer, listTunnelServers, renewJoinToken } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import { eventBy } from './caller.ts';
import { findRegion } from './find-region.ts';
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

const ServerAnswer = Type.Object({
  id: Type.String(),
  region: Type.String(),
  ...TunnelServerSchema.properties,
  /** `type blob` each; null until the agent has joined. */
  host_keys: Type.Union([
    Type.Object({ active: Type.String(), spare: Type.String() }),
    Type.Null(),
  ]),
  /** The region's revision that the agent has applied. */
  applied: Moment,
  reported_at: Moment,
  created_at: Type.Integer(),
});

const ServerParams = Type.Object({ id: Type.String(), server: Type.String() });

/** A tunnel server, and the token that its agent joins with, once. */
const InvitedAnswer = Type.Object({ server: ServerAnswer, join_token: Type.String() });

/** Hosts of a region that run sshd. */
export async function servers(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { db } = services.store;

  app.post(
    '/v1/regions/:id/servers',
    {
      config: { access: { scope: 'agents:write' } },
      schema: {
        ...describe('Add a tunnel server; its join token is shown once'),
        params: IdParams,
        body: TunnelServerSchema,
        response: { 201: InvitedAnswer },
      },
    },
    async (request, reply) => {
      const region = await findRegion(db, request.params.id);
      const input = checkTunnelServer(request.body);
      const { token, ...joinToken } = mintToken('join');
      const server = await changeAndWake(services, [region.id], async (trx, at) => {
        const result = await insertTunnelServer(trx, region.id, input, joinToken, at);
        const after = { region: region.id, ...input };
        return { result, events: [eventBy(request, 'server.added', result.id, { after })] };
      });
      return reply.code(201).send({ server: answer(server), join_token: token });
    },
  );

  app.post(
    '/v1/regions/:id/servers/:server/join-token',
    {
      config: { access: { scope: 'agents:write' } },
      schema: {
        ...describe('Give a tunnel server whose join was lost another join token, shown once'),
        params: ServerParams,
        response: { 201: InvitedAnswer },
      },
    },
    async (request, reply) => {
      const region = await findRegion(db, request.params.id);
      const { token, ...joinToken } = mintToken('join');
      const server = await changeAndWake(services, [region.id], async (trx) => {
        const result = await renewJoinToken(trx, region.id, request.params.server, joinToken);
        const data = { region: region.id, host: result.host };
        return { result, events: [eventBy(request, 'server.token-created', result.id, { data })] };
      });
      return reply.code(201).send({ server: answer(server), join_token: token });
    },
  );

  app.get(
    '/v1/regions/:id/servers',
    {
      config: { access: { scope: 'regions:read' } },
      schema: {
        ...describe('List the tunnel servers of a region'),
        params: IdParams,
        querystring: PageQuery,
        response: { 200: listOf(ServerAnswer) },
      },
    },
    async (request) => {
      const region = await findRegion(db, request.params.id);
      return wholeAnswer(await listTunnelServers(db, region.id), answer);
    },
  );
}

function answer({ region_id, ...server }: TunnelServer): Static<typeof ServerAnswer> {
  return {
    ...server,
    region: region_id,
    reported_at: secondsOrNull(server.reported_at),
    created_at: seconds(server.created_at),
  };
}
