import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { formatSignedStatement } from '../../bundle/index.ts';
import { Problem } from '../../domain/problem.ts';
import {
  DECISIONS,
  DEFAULT_APPROVAL_DAYS,
  MAX_APPROVAL_DAYS,
  parseStatement,
} from '../../domain/statement.ts';
import { findStatement, listStatements } from '../../store/index.ts';
import { limitFailures } from '../failure-limit.ts';
import { findTunnel } from '../find-tunnel.ts';
import { TEXT_HEADERS } from '../installers/script.ts';
import type { Services } from '../services.ts';
import { acceptStatement } from './accept-statement.ts';
import { decisionText } from './decision-text.ts';

/** A statement of 64 reviewers' lines and a signature stay far below. */
const BODY_LIMIT = 131_072;
const exact = { additionalProperties: false };
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const TunnelParams = Type.Object({ id: Type.String() });

const DecisionQuery = Type.Object(
  {
    decision: Type.Enum([...DECISIONS], { default: 'approve' }),
    /** For how long it counts, beside the rest of the day. */
    days: Type.Integer({ minimum: 0, maximum: MAX_APPROVAL_DAYS, default: DEFAULT_APPROVAL_DAYS }),
  },
  exact,
);

/** The texts that reviewers sign, and the statements that they signed. */
export async function addStatements(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { store, settings } = services;
  const { db } = store;
  readPlainBodies(app);
  const limit = await limitFailures(app);

  app.get(
    '/t/:id/a/:sha256/statement',
    {
      config: { access: 'capability' },
      schema: {
        ...describe('The text to sign for a decision on a bundle or an installer'),
        params: Type.Object({ id: Type.String(), sha256: Type.String() }),
        querystring: DecisionQuery,
      },
    },
    async (request, reply) => {
      const { id, sha256 } = request.params;
      const text = await decisionText(db, settings, id, sha256, request.query);
      return reply.headers({ ...TEXT_HEADERS, 'cache-control': 'no-store' }).send(text);
    },
  );

  app.post(
    '/t/:id/v1/statements',
    {
      bodyLimit: BODY_LIMIT,
      config: { access: 'proof' },
      schema: {
        ...describe('Hand in a statement and a signature under it'),
        consumes: ['text/plain'],
        params: TunnelParams,
      },
    },
    async (request, reply) => {
      const body = typeof request.body === 'string' ? request.body : '';
      try {
        return await acceptStatement(services, request.params.id, body, request.ip);
      } catch (error) {
        throw error instanceof Problem ? await limit.refuse(request, error) : error;
      } finally {
        reply.header('cache-control', 'no-store');
      }
    },
  );

  app.get(
    '/t/:id/v1/statements',
    {
      config: { access: 'capability', lines: true },
      schema: {
        ...describe('The statements that count about an installer, with their signatures'),
        params: TunnelParams,
        querystring: Type.Object({ artifact: Digest }, exact),
      },
    },
    async (request, reply) => {
      const tunnel = await findTunnel(db, request.params.id);
      const { artifact } = request.query;
      const naming = (await listStatements(db, tunnel.id)).filter(({ text }) => {
        const statement = parseStatement(text);
        return statement.decision !== 'reviewers' && statement.artifacts.includes(artifact);
      });
      const texts = naming.map(({ text, signatures }) =>
        formatSignedStatement(
          text,
          signatures.map(({ signature }) => signature),
        ),
      );
      return reply
        .headers({ ...TEXT_HEADERS, 'cache-control': 'no-store' })
        .send(`${texts.join('')}end=1\n`);
    },
  );

  app.get(
    '/t/:id/v1/statements/:digest',
    {
      config: { access: 'capability' },
      schema: {
        ...describe('The text of a statement that others have signed, to sign it, too'),
        params: Type.Object({ id: Type.String(), digest: Type.String() }),
      },
    },
    async (request, reply) => {
      const { id, account_id } = await findTunnel(db, request.params.id);
      const statement = await findStatement(db, request.params.digest);
      if (!statement || ![id, account_id].includes(statement.about)) throw noSuchStatement();
      return reply.headers(TEXT_HEADERS).send(statement.text);
    },
  );
}

/** `curl --data-binary` says that it sends a form; what it sends is ours all the same. */
function readPlainBodies(app: FastifyInstance): void {
  const types = ['text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded'];
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(types, { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
}

function noSuchStatement(): Problem {
  return new Problem('not-found', 'there is no such statement about this tunnel', {
    next: 'Look at /v1/approval for those that wait for signatures.',
  });
}

function describe(summary: string) {
  return { summary, tags: ['customer'] };
}
