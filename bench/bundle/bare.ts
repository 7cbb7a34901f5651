import Fastify from 'fastify';
import { reportUsage } from '../report-usage.ts';

/** The baseline: Fastify, one route, the bytes that the URL in argv serves. */
const response = await fetch(process.argv[2] as string);
const bytes = Buffer.from(await response.arrayBuffer());
const app = Fastify();
app.get('/bundle.tar.gz', (_request, reply) => reply.type('application/gzip').send(bytes));
const address = await app.listen({ host: '127.0.0.1', port: 0 });
reportUsage();
console.log(`${address}/bundle.tar.gz`);
