import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../domain/problem.ts';
import { INSTALLER_FILE, PLATFORMS, type Platform, renderErrorScript } from '../../render/index.ts';
import { problemOf } from '../problem-of-error.ts';
import type { Services } from '../services.ts';
import { addBundles } from './bundles.ts';
import { findScript } from './find-script.ts';
import { addKeptFiles } from './kept-files.ts';
import { onceATurn } from './once-a-turn.ts';
import { SCRIPT_HEADERS, TEXT_HEADERS } from './script.ts';
import { addSignatures } from './signatures.ts';
import { SLOT_BASES, type SlotRequest, slotOf } from './slot-request.ts';

/**
 * The installers and bundles, with their digests and signatures. These routes mostly look up
 * and send: no validation, no limits, no helmet.
 */
export async function installers(app: FastifyInstance, services: Services): Promise<void> {
  for (const platform of PLATFORMS) addScripts(app, services, platform);
  addSignatures(app, services);
  addBundles(app, services);
  addKeptFiles(app, services);
}

const NAMES: Record<Platform, string> = { linux: 'Linux', windows: 'Windows' };

function addScripts(app: FastifyInstance, services: Services, platform: Platform): void {
  const file = INSTALLER_FILE[platform];
  const find = onceATurn((tunnel: string, slot: number) =>
    findScript(services, platform, tunnel, slot),
  );
  const script = async (request: SlotRequest, reply: FastifyReply) => {
    const { bytes, headers } = await find(request.params.id, slotOf(request));
    reply.headers(headers);
    return bytes;
  };
  const digest = async (request: SlotRequest, reply: FastifyReply) => {
    const { sha256 } = await find(request.params.id, slotOf(request));
    return reply.headers(TEXT_HEADERS).send(`${sha256}  ${file}\n`);
  };
  for (const base of SLOT_BASES) {
    app.get(`${base}/${file}`, {
      config: { access: 'capability' },
      schema: describe(`The installer for ${NAMES[platform]}`),
      handler: script,
      errorHandler: (error, request, reply) => explain(services, platform, error, request, reply),
    });
    app.get(`${base}/${file}.sha256`, {
      config: { access: 'capability' },
      schema: describe(`The digest of the installer for ${NAMES[platform]}`),
      handler: digest,
    });
  }
}

/**
 * Every error is a script that explains and fails, sent as 200: at a 4xx `curl -f … | bash` prints
 * nothing and succeeds, and `iwr … -OutFile` leaves the file of an earlier day. Only a wrong Host
 * stays what it is: that request was meant for nobody here.
 */
function explain(
  { catalogue }: Services,
  platform: Platform,
  error: FastifyError | Problem,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(error);
  if (problem.code === 'host-unknown') throw error;
  if (!(error instanceof Problem)) request.log.error({ err: error }, 'request failed');
  const { code, message, next } =
    problem.code === 'internal'
      ? new Problem('internal', 'something failed at the vendor')
      : problem;
  const body = renderErrorScript(catalogue, platform, {
    code,
    detail: message,
    next: next ?? 'Try again later, or tell the vendor.',
  });
  return reply
    .code(200)
    .headers({ ...SCRIPT_HEADERS[platform], 'cache-control': 'no-store', 'culvert-error': code })
    .send(body);
}

function describe(summary: string) {
  return { summary, tags: ['customer'] };
}
