import type { Command } from 'commander';
import type { ChangePolicy } from '../../domain/change-policy.ts';
import { CLIENT_SETTINGS, clientOf } from '../api-client.ts';
import { addExamples } from '../examples.ts';
import { printResult } from '../print.ts';
import { resolveId } from '../resolve-id.ts';
import { addSettings } from '../setting-options.ts';
import { formatRecord } from '../table.ts';

/** Reviewers and policy as the admin API gives them. */
export interface ReviewersStatementAnswer {
  statement: string;
  text: string;
  reviewers: string;
  approvals: number;
  policy: ChangePolicy;
  serial: number;
  signed_by: string[];
}

interface ReviewersAnswer {
  current: ReviewersStatementAnswer | null;
  proposed: ReviewersStatementAnswer[];
}

/** `culvert reviewers show`. */
export function addShow(reviewers: Command): void {
  const command = reviewers
    .command('show <account>')
    .description("show an account's reviewers and policy, and what is proposed")
    .option('--json', 'print them as JSON')
    .action(async (account: string, options: { json?: true }) => {
      const client = clientOf(options);
      const id = await resolveId(client, 'acc', account);
      const answer = await client.get<ReviewersAnswer>(`/v1/accounts/${id}/reviewers`);
      printResult(answer, options, ({ current, proposed }) =>
        [
          current ? formatReviewers(current) : 'There are no reviewers: nothing waits.\n',
          ...proposed.map((one) => `\nProposed, not signed by enough:\n${formatReviewers(one)}`),
        ].join(''),
      );
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert reviewers show globex']);
}

/** One statement about reviewers, for people. */
export function formatReviewers(answer: ReviewersStatementAnswer): string {
  const { approvals, policy, serial, statement, signed_by, reviewers } = answer;
  const record = formatRecord({
    statement,
    serial,
    approvals,
    policy: policy.templates,
    'waits for': policy.inputs.join(', '),
    'signed by': signed_by.join(', '),
  });
  return `${record}\n${reviewers}`;
}
