import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { addApproval } from './approval.ts';
import { addDiffs } from './diffs.ts';
import { addStatements } from './statements.ts';

/** What a customer's reviewers call: what waits for them, what changed, and their word on it. */
export async function review(app: FastifyInstance, services: Services): Promise<void> {
  addApproval(app, services);
  addDiffs(app, services);
  await addStatements(app, services);
}
