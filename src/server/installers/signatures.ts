import type { FastifyInstance, FastifyReply } from 'fastify';
import { ARTIFACT_NAMESPACE, type Signing, signBytes } from '../../bundle/index.ts';
import { Problem } from '../../domain/problem.ts';
import { INSTALLER_FILE, PLATFORMS } from '../../render/index.ts';
import { findTunnel } from '../find-tunnel.ts';
import type { Services } from '../services.ts';
import { findScript } from './find-script.ts';
import { TEXT_HEADERS } from './script.ts';
import { SLOT_BASES, type SlotRequest, slotOf } from './slot-request.ts';

/** The vendor's signatures over scripts, and the keys that they are by. */
export function addSignatures(app: FastifyInstance, services: Services): void {
  const { store, settings } = services;
  for (const platform of PLATFORMS) {
    const file = INSTALLER_FILE[platform];
    for (const base of SLOT_BASES) {
      app.get(`${base}/${file}.sig`, {
        config: { access: 'capability' },
        schema: { summary: `The vendor's signature over ${file}`, tags: ['customer'] },
        handler: async (request: SlotRequest, reply: FastifyReply) => {
          const { key } = signingOf(settings.signing);
          const { id } = request.params;
          const { bytes } = await findScript(services, platform, id, slotOf(request));
          return reply.headers(TEXT_HEADERS).send(signBytes(key, ARTIFACT_NAMESPACE, bytes));
        },
      });
    }
  }
  app.get('/t/:id/allowed_signers', {
    config: { access: 'capability' },
    schema: { summary: 'The keys that the vendor signs with, for ssh-keygen', tags: ['customer'] },
    handler: async (request: SlotRequest, reply: FastifyReply) => {
      await findTunnel(store.db, request.params.id);
      const { allowedSigners } = signingOf(settings.signing);
      return reply.headers(TEXT_HEADERS).send(allowedSigners);
    },
  });
}

/** What the vendor signs with. Throws `not-found` where it signs nothing. */
export function signingOf(signing: Signing | undefined): Signing {
  if (signing) return signing;
  throw new Problem('not-found', 'this vendor signs nothing', {
    next: 'Compare the digest with one that you got from the vendor by another way.',
  });
}
