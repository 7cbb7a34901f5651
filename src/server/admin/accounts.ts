import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { type Account, AccountSchema, checkAccount } from '../../domain/account.ts';
import { insertAccount, listAccounts } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';
import { callerOf, eventBy } from './caller.ts';
import { findOwnAccount } from './find-own-account.ts';
import { describe, IdParams, listOf, PageQuery, pageAnswer, seconds } from './shapes.ts';

const AccountAnswer = Type.Object({
  id: Type.String(),
  ...AccountSchema.properties,
  created_at: Type.Integer(),
});

/** Customers of the vendor. */
export async function accounts(instance: FastifyInstance, services: Services): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { db } = services.store;

  app.post(
    '/v1/accounts',
    {
      config: { access: { scope: 'accounts:write' } },
      schema: {
        ...describe('Add an account'),
        body: AccountSchema,
        response: { 201: AccountAnswer },
      },
    },
    async (request, reply) => {
      const input = checkAccount(request.body);
      const account = await changeAndWake(services, [], async (trx, at) => {
        const result = await insertAccount(trx, input, at);
        const event = eventBy(request, 'account.created', result.id, { after: { ...input } });
        return { result, events: [event] };
      });
      return reply.code(201).send(answer(account));
    },
  );

  app.get(
    '/v1/accounts',
    {
      config: { access: { scope: 'accounts:read' } },
      schema: {
        ...describe('List accounts'),
        querystring: PageQuery,
        response: { 200: listOf(AccountAnswer) },
      },
    },
    async (request) => {
      const { accounts: own } = callerOf(request);
      return pageAnswer(await listAccounts(db, request.query, own), answer);
    },
  );

  app.get(
    '/v1/accounts/:id',
    {
      config: { access: { scope: 'accounts:read' } },
      schema: { ...describe('An account'), params: IdParams, response: { 200: AccountAnswer } },
    },
    async (request) => {
      return answer(await findOwnAccount(db, callerOf(request), request.params.id));
    },
  );
}

function answer(account: Account): Static<typeof AccountAnswer> {
  return { ...account, created_at: seconds(account.created_at) };
}
