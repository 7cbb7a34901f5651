import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { unifiedDiff } from '../../bundle/index.ts';
import { Problem } from '../../domain/problem.ts';
import { findArtifact } from '../../store/index.ts';
import { findTunnel } from '../find-tunnel.ts';
import { TEXT_HEADERS } from '../installers/script.ts';
import { loadInstaller } from '../installers/stored-scripts.ts';
import { DIFF_PAGE_POLICY, diffPage } from '../pages/diff-page.ts';
import type { Services } from '../services.ts';

type DiffRequest = FastifyRequest<{ Params: { id: string; before: string; after: string } }>;

/** What changed between two installers of a tunnel: a page in a browser, the unified form for others. */
export function addDiffs(app: FastifyInstance, services: Services): void {
  app.get('/t/:id/a/:before/diff/:after', {
    config: { access: 'capability' },
    schema: { summary: 'What changed between two installers', tags: ['customer'] },
    handler: async (request: DiffRequest, reply: FastifyReply) => {
      const { before, after } = await findBoth(services, request);
      const diff = await services.compare(before, after);
      const names = { before: nameOf(before), after: nameOf(after) };
      reply.headers({ ...TEXT_HEADERS, vary: 'accept' });
      if (!/text\/html/i.test(request.headers.accept ?? '')) {
        return reply.send(unifiedDiff(diff, names));
      }
      reply.header('content-security-policy', DIFF_PAGE_POLICY);
      return reply.type('text/html; charset=utf-8').send(diffPage(diff, names));
    },
  });
}

async function findBoth({ store: { db } }: Services, { params }: DiffRequest) {
  const tunnel = await findTunnel(db, params.id);
  const [before, after] = await Promise.all(
    [params.before, params.after].map(async (sha256) => {
      const artifact = await findArtifact(db, tunnel.id, sha256);
      if (!artifact) throw neverMade();
      const { bytes } = await loadInstaller(db, tunnel.id, sha256, artifact);
      return { file: artifact.file, sha256, bytes };
    }),
  );
  if (!before || !after) throw neverMade();
  if (before.file === after.file) return { before, after };
  throw new Problem('value-invalid', 'the two are installers for different systems', {
    field: 'after',
    next: 'Compare two of the same name.',
  });
}

function nameOf({ file, sha256 }: { file: string; sha256: string }): string {
  return `${file} ${sha256.slice(0, 12)}`;
}

function neverMade(): Problem {
  return new Problem('not-found', 'this tunnel never had such an installer', {
    next: 'Compare the digests in the address with those that you were given.',
  });
}
