import { gunzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ARTIFACT_NAMESPACE, signBytes } from '../../bundle/index.ts';
import { INSTALLER_FILE, PLATFORMS } from '../../render/index.ts';
import type { Services } from '../services.ts';
import { findKept } from './find-kept.ts';
import { onceATurn } from './once-a-turn.ts';
import { BUNDLE_FILE, TEXT_HEADERS } from './script.ts';
import { signingOf } from './signatures.ts';

type KeptRequest = FastifyRequest<{ Params: { id: string; sha256: string } }>;

/**
 * Installers and bundles by their digests, for good. Unlike the short addresses these answer errors
 * with true statuses: whoever asks for a digest compares it before running anything.
 */
export function addKeptFiles(app: FastifyInstance, services: Services): void {
  for (const file of [...PLATFORMS.map((platform) => INSTALLER_FILE[platform]), BUNDLE_FILE]) {
    const once = onceATurn((id: string, sha256: string) => findKept(services, id, sha256, file));
    const find = ({ params: { id, sha256 } }: KeptRequest) => once(id, sha256);
    app.get(`/t/:id/a/:sha256/${file}`, {
      config: { access: 'capability' },
      schema: describe(`${file} as it was once, by its digest`),
      handler: async (request: KeptRequest, reply: FastifyReply) => {
        const { bytes, headers } = await find(request);
        reply.headers(headers);
        return bytes;
      },
    });
    app.get(`/t/:id/a/:sha256/${file}.sig`, {
      config: { access: 'capability' },
      schema: describe(`The vendor's signature over it`),
      handler: async (request: KeptRequest, reply: FastifyReply) => {
        const { key } = signingOf(services.settings.signing);
        const { bytes } = await find(request);
        const signed = file === BUNDLE_FILE ? gunzipSync(bytes) : bytes;
        return reply.headers(TEXT_HEADERS).send(signBytes(key, ARTIFACT_NAMESPACE, signed));
      },
    });
  }
}

function describe(summary: string) {
  return { summary, tags: ['customer'] };
}
