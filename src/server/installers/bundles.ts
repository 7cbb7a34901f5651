import { gunzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ARTIFACT_NAMESPACE, signBytes } from '../../bundle/index.ts';
import type { Services } from '../services.ts';
import { findKept } from './find-kept.ts';
import { findServed } from './find-served.ts';
import { onceATurn } from './once-a-turn.ts';
import { BUNDLE_FILE, type Kept, TEXT_HEADERS } from './script.ts';
import { nothingApproved } from './served.ts';
import { signingOf } from './signatures.ts';
import { SLOT_BASES, type SlotRequest, slotOf } from './slot-request.ts';

/** The bundle that a slot serves, and digest and signature of the tar in it. */
export function addBundles(app: FastifyInstance, services: Services): void {
  const once = onceATurn((tunnel: string, slot: number) => findBundle(services, tunnel, slot));
  const find = (request: SlotRequest) => once(request.params.id, slotOf(request));
  for (const base of SLOT_BASES) {
    app.get(`${base}/${BUNDLE_FILE}`, {
      config: { access: 'capability' },
      schema: describe('All that an installation brings, for reviewers'),
      handler: async (request: SlotRequest, reply: FastifyReply) => {
        const { bytes, headers } = await find(request);
        return reply.headers(headers).send(bytes);
      },
    });
    app.get(`${base}/${BUNDLE_FILE}.sha256`, {
      config: { access: 'capability' },
      schema: describe('The digest of the tar in it, for sha256sum -c'),
      handler: async (request: SlotRequest, reply: FastifyReply) => {
        const { sha256 } = await find(request);
        return reply.headers(TEXT_HEADERS).send(`${sha256}  bundle.tar\n`);
      },
    });
    app.get(`${base}/${BUNDLE_FILE}.sig`, {
      config: { access: 'capability' },
      schema: describe("The vendor's signature over the tar in it, for ssh-keygen"),
      handler: async (request: SlotRequest, reply: FastifyReply) => {
        const { key } = signingOf(services.settings.signing);
        const { bytes } = await find(request);
        return reply
          .headers(TEXT_HEADERS)
          .send(signBytes(key, ARTIFACT_NAMESPACE, gunzipSync(bytes)));
      },
    });
  }
}

async function findBundle(services: Services, tunnelId: string, slot: number): Promise<Kept> {
  const { bundle } = await findServed(services, tunnelId, slot);
  if (bundle === undefined) throw nothingApproved();
  return findKept(services, tunnelId, bundle, BUNDLE_FILE);
}

function describe(summary: string) {
  return { summary, tags: ['customer'] };
}
