import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { pendingStatements } from '../../store/index.ts';
import { findTunnel } from '../find-tunnel.ts';
import { findServed } from '../installers/find-served.ts';
import type { Services } from '../services.ts';
import { sendFlat } from '../wire-form.ts';
import { findReview } from './find-review.ts';
import { nextPlace } from './next-place.ts';

const Query = Type.Object(
  { slot: Type.Integer({ minimum: 1, maximum: 9999, default: 1 }) },
  { additionalProperties: false },
);

/** What a slot serves, what waits and why, and where the next statement stands. */
export function addApproval(instance: FastifyInstance, services: Services): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.get(
    '/t/:id/v1/approval',
    {
      config: { access: 'capability', lines: true },
      schema: {
        summary: 'What waits for reviewers, and why',
        tags: ['customer'],
        params: Type.Object({ id: Type.String() }),
        querystring: Query,
      },
    },
    async (request, reply) => {
      const { db } = services.store;
      const { slot } = request.query;
      const tunnel = await findTunnel(db, request.params.id);
      const { bundle, waiting } = await findServed(services, tunnel.id, slot);
      const rules = (await findReview(db, tunnel))?.rules;
      const { serial, previous } = await nextPlace(db, tunnel.id);
      const pending = await pendingStatements(db, tunnel.id, serial);
      const next = await nextPlace(db, tunnel.account_id);
      const proposed = await pendingStatements(db, tunnel.account_id, next.serial);
      return sendFlat(request, reply, {
        v: 1,
        tunnel: tunnel.id,
        slot,
        policy: rules?.policy.templates ?? 'none',
        inputs: rules?.policy.inputs.join(' ') ?? '',
        approvals: rules?.approvals ?? 0,
        served: bundle ?? '',
        waiting: waiting?.bundle ?? '',
        reasons: waiting?.reasons.join('; ') ?? '',
        serial,
        previous: previous ?? '',
        pending: digestsOf(pending),
        proposed: digestsOf(proposed),
      });
    },
  );
}

/** As many as fit into a line; a program that wants all asks for them by the API. */
function digestsOf(statements: { digest: string }[]): string {
  return statements
    .slice(0, 50)
    .map(({ digest }) => digest)
    .join(' ');
}
