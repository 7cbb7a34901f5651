import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import {
  formatStatement,
  parseStatement,
  ReviewersStatementSchema,
  statementDigest,
} from '../../domain/statement.ts';
import {
  insertStatement,
  lastStatement,
  pendingStatements,
  type StoredStatement,
} from '../../store/index.ts';
import { checkReviewers } from '../review/check-reviewers.ts';
import { nextPlace } from '../review/next-place.ts';
import { changeAndWake, type Services } from '../services.ts';
import { callerOf, eventBy } from './caller.ts';
import { findOwnAccount } from './find-own-account.ts';
import { describe, IdParams } from './shapes.ts';

const { reviewers: Lines, approvals, policy } = ReviewersStatementSchema.properties;

const Proposal = Type.Object(
  { reviewers: Lines, approvals, policy },
  { additionalProperties: false },
);

const StatementAnswer = Type.Object({
  statement: Type.String(),
  /** The text to sign. */
  text: Type.String(),
  reviewers: Type.String(),
  approvals: Type.Integer(),
  policy,
  serial: Type.Integer(),
  /** Who has signed it so far. */
  signed_by: Type.Array(Type.String()),
});

const ReviewersAnswer = Type.Object({
  current: Type.Union([StatementAnswer, Type.Null()]),
  /** What was proposed and has not enough signatures yet. */
  proposed: Type.Array(StatementAnswer),
});

/**
 * Who reviews for an account. The vendor can propose and nothing more: what is proposed counts once
 * the first reviewers have all signed it, later once enough of the present ones have.
 */
export async function reviewers(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { store, settings } = services;
  const { db } = store;

  app.post(
    '/v1/accounts/:id/reviewers',
    {
      config: { access: { scope: 'reviewers:write' } },
      schema: {
        ...describe('Propose reviewers and their policy; gives the text for them to sign'),
        params: IdParams,
        body: Proposal,
        response: { 201: StatementAnswer },
      },
    },
    async (request, reply) => {
      const account = await findOwnAccount(db, callerOf(request), request.params.id);
      checkReviewers(settings, request.body);
      const proposed = await changeAndWake(services, [], async (trx, at) => {
        const place = await nextPlace(trx, account.id);
        const names = { vendor: settings.vendor.slug, account: account.slug };
        const kind = { v: 1, decision: 'reviewers' } as const;
        const text = formatStatement({ ...kind, ...names, ...request.body, ...place });
        const row = { account_id: account.id, about: account.id, serial: place.serial, text };
        const digest = statementDigest(text);
        await insertStatement(trx, { ...row, digest }, at);
        const after = { statement: digest, ...request.body, serial: place.serial };
        return {
          result: { ...row, digest, counts: false, signatures: [] },
          events: [eventBy(request, 'reviewers.proposed', account.id, { after })],
        };
      });
      return reply.code(201).send(answer(proposed));
    },
  );

  app.get(
    '/v1/accounts/:id/reviewers',
    {
      config: { access: { scope: 'statements:read' } },
      schema: {
        ...describe('Reviewers and policy of an account, and what is proposed'),
        params: IdParams,
        response: { 200: ReviewersAnswer },
      },
    },
    async (request) => {
      const { id } = await findOwnAccount(db, callerOf(request), request.params.id);
      const current = await lastStatement(db, id);
      const proposed = await pendingStatements(db, id, (current?.serial ?? 0) + 1);
      return { current: current ? answer(current) : null, proposed: proposed.map(answer) };
    },
  );
}

function answer({ digest, text, signatures }: StoredStatement): Static<typeof StatementAnswer> {
  const statement = parseStatement(text);
  if (statement.decision !== 'reviewers') throw new Error('a decision among the reviewers');
  const { reviewers, approvals, policy, serial } = statement;
  return {
    statement: digest,
    text,
    reviewers,
    approvals,
    policy,
    serial,
    signed_by: signatures.map(({ person }) => person),
  };
}
