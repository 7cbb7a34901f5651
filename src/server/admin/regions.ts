import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { checkRegion, type Region, RegionSchema } from '../../domain/region.ts';
import { insertRegion, listRegions } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import { eventBy } from './caller.ts';
import { findRegion } from './find-region.ts';
import { describe, IdParams, listOf, PageQuery, pageAnswer, seconds } from './shapes.ts';

const RegionAnswer = Type.Object({
  id: Type.String(),
  ...RegionSchema.properties,
  revision: Type.Integer(),
  created_at: Type.Integer(),
});

/** Places of tunnel servers. */
export async function regions(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { db } = services.store;

  app.post(
    '/v1/regions',
    {
      config: { access: { scope: 'regions:write' } },
      schema: { ...describe('Add a region'), body: RegionSchema, response: { 201: RegionAnswer } },
    },
    async (request, reply) => {
      const input = checkRegion(request.body);
      const region = await changeAndWake(services, [], async (trx, at) => {
        const result = await insertRegion(trx, input, at);
        const event = eventBy(request, 'region.created', result.id, { after: { ...input } });
        return { result, events: [event] };
      });
      return reply.code(201).send(answer(region));
    },
  );

  app.get(
    '/v1/regions',
    {
      config: { access: { scope: 'regions:read' } },
      schema: {
        ...describe('List regions'),
        querystring: PageQuery,
        response: { 200: listOf(RegionAnswer) },
      },
    },
    async (request) => pageAnswer(await listRegions(db, request.query), answer),
  );

  app.get(
    '/v1/regions/:id',
    {
      config: { access: { scope: 'regions:read' } },
      schema: {
        ...describe('A region, by id or slug'),
        params: IdParams,
        response: { 200: RegionAnswer },
      },
    },
    async (request) => answer(await findRegion(db, request.params.id)),
  );
}

function answer(region: Region): Static<typeof RegionAnswer> {
  return { ...region, created_at: seconds(region.created_at) };
}
