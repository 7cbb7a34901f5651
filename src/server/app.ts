import type { FastifyInstance } from 'fastify';
import { admin } from './admin/index.ts';
import { agents } from './agents/index.ts';
import { enrolment } from './enrolment/index.ts';
import { installers } from './installers/index.ts';
import { operations } from './operations.ts';
import { pages } from './pages/index.ts';
import { checkAccess } from './plugins/access.ts';
import { closeIdleConnections } from './plugins/drain.ts';
import { addSafeHeaders } from './plugins/headers.ts';
import { checkHostHeader } from './plugins/host.ts';
import { observeRequests } from './plugins/metrics.ts';
import { describeRoutes } from './plugins/openapi.ts';
import { answerProblems } from './plugins/problems.ts';
import { validateByTypeBox } from './plugins/validation.ts';
import { review } from './review/index.ts';
import type { Services } from './services.ts';
import { webhooks } from './webhooks/index.ts';

/** The control plane's routes and what they have in common, apart from any process. */
export async function app(instance: FastifyInstance, services: Services): Promise<void> {
  // Fastify would take any text as a body.
  instance.removeContentTypeParser('text/plain');
  validateByTypeBox(instance);
  answerProblems(instance);
  observeRequests(instance, services.metrics);
  checkHostHeader(instance, services.settings.publicUrl);
  checkAccess(instance, services.store);
  closeIdleConnections(instance);
  await describeRoutes(instance, services.settings.publicUrl);

  await webhooks(instance, services);
  await instance.register(installers, services);
  await instance.register(async (rest) => {
    await addSafeHeaders(rest);
    for (const area of [enrolment, review, admin, agents, pages, operations]) {
      await rest.register(area, services);
    }
  });
}
