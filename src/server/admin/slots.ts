import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { checkLoginSources, SourcesSchema } from '../../domain/source-list.ts';
import type { Slot, Tunnel } from '../../domain/tunnel.ts';
import { getRegion, insertSlot, removeSlot, setSlotSources } from '../../store/index.ts';
import { findSlot, findTunnel } from '../find-tunnel.ts';
import { changeAndWake, type Services } from '../services.ts';
import { callerOf, eventBy } from './caller.ts';
import { findOwnTunnel } from './find-own-tunnel.ts';
import { describe, IdParams } from './shapes.ts';
import { SlotAnswer, slotAnswer } from './tunnel-answer.ts';

const exact = { additionalProperties: false };

/** Addresses or CIDR blocks that the slot's proxy may log in from; any when empty. */
const AddRequest = Type.Object({ sources: Type.Optional(SourcesSchema) }, exact);
const ChangeRequest = Type.Object({ sources: SourcesSchema }, exact);

const SlotParams = Type.Object({ id: Type.String(), slot: Type.Integer() });

/** Places for proxies of a tunnel. */
export async function slots(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { store, settings } = services;
  const { db } = store;

  async function answer(tunnel: Tunnel, slot: Slot) {
    const region = await getRegion(db, tunnel.region_id);
    if (!region) throw new Error('a tunnel without its region');
    return slotAnswer(db, settings, tunnel, region, slot);
  }

  app.post(
    '/v1/tunnels/:id/slots',
    {
      config: { access: { scope: 'tunnels:write' } },
      schema: {
        ...describe('Add a slot: a place for one more proxy, with a tunnel port of its own'),
        params: IdParams,
        body: AddRequest,
        response: { 201: SlotAnswer },
      },
    },
    async (request, reply) => {
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const sources = checkLoginSources('sources', request.body.sources ?? []);
      const slot = await changeAndWake(services, [tunnel.region_id], async (trx) => {
        // It may have gone since, and its lock is that of its region.
        await findTunnel(trx, tunnel.id);
        const result = await insertSlot(trx, tunnel, sources);
        const after = auditedSlot(result);
        return { result, events: [eventBy(request, 'slot.added', tunnel.id, { after })] };
      });
      return reply.code(201).send(await answer(tunnel, slot));
    },
  );

  app.patch(
    '/v1/tunnels/:id/slots/:slot',
    {
      config: { access: { scope: 'tunnels:write' } },
      schema: {
        ...describe('Say from where the proxy of a slot may log in'),
        params: SlotParams,
        body: ChangeRequest,
        response: { 200: SlotAnswer },
      },
    },
    async (request) => {
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const { slot: number } = request.params;
      const sources = checkLoginSources('sources', request.body.sources);
      const slot = await changeAndWake(services, [tunnel.region_id], async (trx) => {
        const before = await findSlot(trx, tunnel.id, number);
        const result = { ...before, sources };
        await setSlotSources(trx, result);
        const event = eventBy(request, 'slot.changed', tunnel.id, {
          before: auditedSlot(before),
          after: auditedSlot(result),
        });
        return { result, events: [event] };
      });
      return answer(tunnel, slot);
    },
  );

  app.delete(
    '/v1/tunnels/:id/slots/:slot',
    {
      config: { access: { scope: 'tunnels:write' } },
      schema: {
        ...describe('Remove a slot with its keys and tokens, for good; not the first'),
        params: SlotParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const { slot: number } = request.params;
      await changeAndWake(services, [tunnel.region_id], async (trx, at) => {
        const slot = await findSlot(trx, tunnel.id, number);
        const { fingerprints, tokens } = await removeSlot(trx, slot, at);
        const before = { ...auditedSlot(slot), fingerprints, tokens };
        const event = eventBy(request, 'slot.removed', tunnel.id, { before });
        return { result: undefined, events: [event] };
      });
      return reply.code(204).send(null);
    },
  );
}

function auditedSlot({ number: slot, server_id: server, tunnel_port, sources }: Slot) {
  return { slot, server, tunnel_port, sources };
}
