import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { databaseAddress, hostPort } from '../../domain/database.ts';
import {
  type Asked,
  CHECK_WITHIN_MS,
  checkOf,
  HOPS,
  type KnownSlot,
  needsAgent,
} from '../../domain/slot-check.ts';
import { isAgentSilent } from '../../domain/status.ts';
import { MAX_SLOT_NUMBER, type Slot, type Tunnel } from '../../domain/tunnel.ts';
import {
  askForCheck,
  getCheck,
  getRegion,
  getSlotState,
  getTunnelServer,
  listSlotKeys,
  type StoredCheck,
} from '../../store/index.ts';
import { keyState } from '../enrolment/key-state.ts';
import { bestKey } from '../enrolment/slot-status.ts';
import { findSlot } from '../find-tunnel.ts';
import { goneSignal } from '../gone-signal.ts';
import type { Services } from '../services.ts';
import { waitUntil } from '../wait-until.ts';
import { callerOf } from './caller.ts';
import { findOwnTunnel } from './find-own-tunnel.ts';
import { describe, IdParams, seconds } from './shapes.ts';

const LONGEST_WAIT = seconds(CHECK_WITHIN_MS);

const CheckRequest = Type.Object(
  {
    slot: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SLOT_NUMBER })),
    /** Seconds to wait for the agent, 20 when left out; then what is known is answered. */
    wait: Type.Optional(Type.Integer({ minimum: 0, maximum: LONGEST_WAIT })),
  },
  { additionalProperties: false },
);

/** The shape is that of the installer's `doctor --json`. */
const CheckAnswer = Type.Object({
  tunnel: Type.String(),
  slot: Type.Integer(),
  ok: Type.Boolean(),
  /** The first hop that is broken; empty when none is. */
  broken: Type.String(),
  /** A code for it; empty when none is. */
  reason: Type.String(),
  verdict: Type.String(),
  /** What to do. */
  next: Type.String(),
  hops: Type.Array(
    Type.Object({
      hop: Type.Enum([...HOPS]),
      result: Type.Enum(['ok', 'no', 'untested']),
      /** May hold what the proxy's ssh said: printable ASCII, and a stranger's words. */
      detail: Type.String(),
    }),
  ),
  checked_at: Type.Integer(),
});

const DESCRIPTION = `Asks the agent of the slot's tunnel server to look now, and waits for what it says. The first hop
that is broken is named; behind it nothing is tested. Where the agent does not answer in time, the answer says so, with
what was last reported. Who asks while a check is under way shares it. One that was done within the last five seconds is
not done again: status 429 with Retry-After.`;

/** Looking at a slot now, hop by hop. It changes nothing, so the audit has no row of it. */
export async function checks(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { db } = services.store;

  app.post(
    '/v1/tunnels/:id/checks',
    {
      config: { access: { scope: 'tunnels:read' } },
      schema: {
        ...describe('Check a slot now, hop by hop to the database'),
        description: DESCRIPTION,
        params: IdParams,
        body: CheckRequest,
        response: { 200: CheckAnswer },
      },
      // Nothing need be said.
      preValidation: (request, _reply, done) => {
        request.body ??= {};
        done();
      },
    },
    async (request, reply) => {
      const { slot: number = 1, wait = LONGEST_WAIT } = request.body;
      const tunnel = await findOwnTunnel(db, callerOf(request), request.params.id);
      const slot = await findSlot(db, tunnel.id, number);
      const known = await readKnown(services, tunnel, slot);
      const asked = needsAgent(known)
        ? await askAgent(services, slot, wait * 1000, goneSignal(reply))
        : undefined;
      const check = checkOf(known, asked);
      const checked_at = seconds(asked?.answered_at ?? Date.now());
      return { tunnel: tunnel.id, slot: number, ...check, checked_at };
    },
  );
}

/** Asks the agent of a slot's tunnel server through the store, and waits for what it says. */
async function askAgent(
  services: Services,
  slot: Slot,
  ms: number,
  gone: AbortSignal,
): Promise<Asked & Pick<StoredCheck, 'answered_at'>> {
  const { store, wakeUps } = services;
  const begun = Date.now();
  const asked = await askForCheck(store, slot, begun);
  wakeUps.wake(slot.server_id);
  let seen = asked;
  const look = async () => {
    const check = await getCheck(store.db, slot.tunnel_id, slot.number);
    if (check?.id === asked.id) seen = check;
    return seen.answer ?? undefined;
  };
  const left = asked.asked_at + CHECK_WITHIN_MS - begun;
  const answer = await waitUntil(services, { id: asked.id, ms: Math.min(ms, left) }, look, gone);
  const { taken, answered_at } = seen;
  if (answer) return { answer, answered_at };
  return { taken, seconds: Math.round((Date.now() - begun) / 1000), answered_at: null };
}

async function readKnown({ store }: Services, tunnel: Tunnel, slot: Slot): Promise<KnownSlot> {
  const { db } = store;
  const [region, server, keys, state] = await Promise.all([
    getRegion(db, tunnel.region_id),
    getTunnelServer(db, slot.server_id),
    listSlotKeys(db, tunnel.id, slot.number),
    getSlotState(db, tunnel.id, slot.number),
  ]);
  if (!region || !server || !state) throw new Error('a slot without its tunnel server');
  const { agent_at, session, database, database_at } = state;
  const key = bestKey(keys, server.applied);
  return {
    key: key ? keyState(key, server.applied) : 'none',
    fingerprint: key?.fingerprint ?? '',
    server: server.host,
    agent_at: seconds(agent_at ?? 0),
    silent: isAgentSilent(agent_at, Date.now()),
    session,
    database,
    database_at,
    place: hostPort(region.bind_address, slot.tunnel_port),
    target: databaseAddress(tunnel.database),
    type: tunnel.database.type,
  };
}
