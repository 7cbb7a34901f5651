import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Services } from '../services.ts';
import { findBundle } from './find-bundle.ts';
import { onceATurn } from './once-a-turn.ts';
import { COMMON_HEADERS, TEXT_HEADERS } from './script.ts';
import { signingOf } from './signatures.ts';
import { SLOT_BASES, type SlotRequest, slotOf } from './slot-request.ts';

/** A slot's bundle, and digest and signature of the tar in it. */
export function addBundles(app: FastifyInstance, services: Services): void {
  const once = onceATurn((tunnel, slot) => findBundle(services, tunnel, slot));
  const find = (request: SlotRequest) => once(request.params.id, slotOf(request));
  for (const base of SLOT_BASES) {
    app.get(`${base}/bundle.tar.gz`, {
      config: { access: 'capability' },
      schema: describe('All that an installation brings, for reviewers'),
      handler: async (request: SlotRequest, reply: FastifyReply) => {
        const { gzip, sha256 } = await find(request);
        return reply
          .headers({ ...COMMON_HEADERS, 'content-type': 'application/gzip', etag: `"${sha256}"` })
          .send(gzip);
      },
    });
    app.get(`${base}/bundle.tar.gz.sha256`, {
      config: { access: 'capability' },
      schema: describe('The digest of the tar in it, for sha256sum -c'),
      handler: async (request: SlotRequest, reply: FastifyReply) => {
        const { sha256 } = await find(request);
        return reply.headers(TEXT_HEADERS).send(`${sha256}  bundle.tar\n`);
      },
    });
    app.get(`${base}/bundle.tar.gz.sig`, {
      config: { access: 'capability' },
      schema: describe("The vendor's signature over the tar in it, for ssh-keygen"),
      handler: async (request: SlotRequest, reply: FastifyReply) => {
        signingOf(services.settings.signing);
        const { signature } = await find(request);
        return reply.headers(TEXT_HEADERS).send(signature);
      },
    });
  }
}

function describe(summary: string) {
  return { summary, tags: ['customer'] };
}
