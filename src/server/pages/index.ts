import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { cspHash, PAGE_SCRIPT, PAGE_STYLE } from './page-parts.ts';
import { tunnelPage } from './tunnel-page.ts';
import { tunnelText } from './tunnel-text.ts';
import { tunnelView } from './tunnel-view.ts';

/** Nothing but the page's own style and script, and requests to where it came from. */
const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${cspHash(PAGE_STYLE)}`,
  `script-src ${cspHash(PAGE_SCRIPT)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What a customer sees at a tunnel's address: HTML in a browser, plain text for curl. */
export async function pages(app: FastifyInstance, services: Services): Promise<void> {
  app.get<{ Params: { id: string } }>(
    '/t/:id',
    {
      config: { access: 'capability' },
      schema: { summary: 'The page of a tunnel', tags: ['customer'] },
    },
    async (request, reply) => {
      const view = await tunnelView(services, request.params.id);
      reply.header('cache-control', 'no-store').header('vary', 'accept');
      if (!/text\/html/i.test(request.headers.accept ?? '')) {
        return reply.type('text/plain; charset=utf-8').send(tunnelText(view));
      }
      reply.header('content-security-policy', PAGE_POLICY);
      return reply.type('text/html; charset=utf-8').send(tunnelPage(view));
    },
  );
}
