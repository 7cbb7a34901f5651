import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Problem } from '../../domain/problem.ts';
import {
  confirmKey,
  getSlot,
  getTunnelServer,
  listSlots,
  listTunnelKeys,
  removeKey,
  type StoredKey,
} from '../../store/index.ts';
import { auditedKey } from '../enrolment/audited-key.ts';
import { keyReplaced } from '../enrolment/key-replaced.ts';
import { keyState } from '../enrolment/key-state.ts';
import { changeAndWake, type Services } from '../services.ts';
import { callerOf, eventBy } from './caller.ts';
import { findOwnTunnel } from './find-own-tunnel.ts';
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

const KeyAnswer = Type.Object({
  /** 64 hex digits. */
  fingerprint: Type.String(),
  slot: Type.Integer(),
  type: Type.String(),
  state: Type.Enum(['pending', 'active', 'waiting', 'removed']),
  platform: Type.String(),
  render: Type.String(),
  created_at: Type.Integer(),
  removed_at: Moment,
});

const KeyParams = Type.Object({ id: Type.String(), fingerprint: Type.String() });

const ConfirmRequest = Type.Object(
  {
    /** As the customer read it from the host: another one means that the key is not theirs. */
    fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
);

/** Keys of a tunnel's proxies. */
export async function keys(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { db } = services.store;

  app.get(
    '/v1/tunnels/:id/keys',
    {
      config: { access: { scope: 'keys:read' } },
      schema: {
        ...describe('List every key that the tunnel has or had'),
        params: IdParams,
        querystring: PageQuery,
        response: { 200: listOf(KeyAnswer) },
      },
    },
    async (request) => {
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const applied = new Map<number, number | null>();
      for (const { number, server_id } of await listSlots(db, tunnel.id)) {
        applied.set(number, (await getTunnelServer(db, server_id))?.applied ?? null);
      }
      const all = await listTunnelKeys(db, tunnel.id);
      return wholeAnswer(all, (key) => answer(key, applied.get(key.slot) ?? null));
    },
  );

  app.post(
    '/v1/tunnels/:id/keys/:fingerprint/confirm',
    {
      config: { access: { scope: 'keys:write' } },
      schema: {
        ...describe('Let a key count that waits; tunnel servers hear of it now'),
        params: KeyParams,
        body: ConfirmRequest,
        response: { 200: KeyAnswer },
      },
    },
    async (request) => {
      const { fingerprint } = request.params;
      if (request.body.fingerprint !== fingerprint) throw otherFingerprint();
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const key = await changeAndWake(services, [tunnel.region_id], async (trx, at) => {
        const confirmed = await confirmKey(trx, tunnel.id, fingerprint, at);
        if (!confirmed) throw noSuchKey();
        const { key, replaced, changed } = confirmed;
        if (!changed) return { result: key, events: [] };
        const event = eventBy(request, 'key.confirmed', tunnel.id, { after: auditedKey(key) });
        const gone = replaced.map((old) => keyReplaced(old, key, event));
        return { result: key, events: [event, ...gone] };
      });
      const slot = await getSlot(db, tunnel.id, key.slot);
      const server = slot && (await getTunnelServer(db, slot.server_id));
      return answer(key, server?.applied ?? null);
    },
  );

  app.delete(
    '/v1/tunnels/:id/keys/:fingerprint',
    {
      config: { access: { scope: 'keys:write' } },
      schema: {
        ...describe('Remove a key for good; its sessions end'),
        params: KeyParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { fingerprint } = request.params;
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      await changeAndWake(services, [tunnel.region_id], async (trx, at) => {
        const removed = await removeKey(trx, tunnel.id, fingerprint, at);
        if (!removed) throw noSuchKey();
        const before = auditedKey(removed);
        const event = eventBy(request, 'key.removed', tunnel.id, { before });
        return { result: undefined, events: [event] };
      });
      return reply.code(204).send(null);
    },
  );
}

function noSuchKey(): Problem {
  return new Problem('not-found', 'this tunnel has no such key, or it was removed', {
    next: "List the tunnel's keys; a fingerprint is 64 hex digits here.",
  });
}

function otherFingerprint(): Problem {
  return new Problem('conflict', 'the fingerprint that was read out is not that of this key', {
    field: 'fingerprint',
    next: 'If the customer read it from their own host, the key is somebody else’s: remove it.',
  });
}

function answer(key: StoredKey, applied: number | null): Static<typeof KeyAnswer> {
  return {
    fingerprint: key.fingerprint,
    slot: key.slot,
    type: key.type,
    state: keyState(key, applied),
    platform: key.platform,
    render: key.render,
    created_at: seconds(key.created_at),
    removed_at: secondsOrNull(key.removed_at),
  };
}
