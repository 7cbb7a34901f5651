import type { Command } from 'commander';
import {
  INPUT_KINDS,
  type InputKind,
  TEMPLATE_POLICIES,
  type TemplatePolicy,
} from '../../domain/change-policy.ts';
import { readTextFile } from '../../setting-grammar.ts';
import { CLIENT_SETTINGS, clientOf } from '../api-client.ts';
import { addExamples } from '../examples.ts';
import { readCount, readInputKinds, readTemplatePolicy } from '../option-values.ts';
import { writeOutput } from '../output-file.ts';
import { printResult } from '../print.ts';
import { resolveId } from '../resolve-id.ts';
import { addSettings } from '../setting-options.ts';
import { formatReviewers, type ReviewersStatementAnswer } from './show.ts';

interface ProposeOptions {
  file: string;
  approvals: number;
  policy: TemplatePolicy;
  waitsFor: InputKind[];
  output?: string;
  json?: true;
}

/** What waits where nobody says: whatever decides who is reached, and what can be. */
const DEFAULT_KINDS = INPUT_KINDS.filter((kind) => kind !== 'name');

/** `culvert reviewers propose`: gives the text for the reviewers to sign; until then it counts for nothing. */
export function addPropose(reviewers: Command): void {
  const command = reviewers
    .command('propose <account>')
    .description("propose an account's reviewers and policy, and get the text for them to sign")
    .requiredOption('--file <file>', 'their lines, as an allowed_signers file has them')
    .option('--approvals <number>', 'how many persons must approve', readCount, 1)
    .option(
      '--policy <policy>',
      `which versions wait: ${TEMPLATE_POLICIES.join(', ')}`,
      readTemplatePolicy,
      'minor',
    )
    .option(
      '--waits-for <kinds>',
      `which changed values wait: ${INPUT_KINDS.join(', ')}`,
      readInputKinds,
      DEFAULT_KINDS,
    )
    .option('--output <file>', 'file for the text to sign')
    .option('--json', 'print the proposal as JSON')
    .action(async (account: string, options: ProposeOptions) => {
      const client = clientOf({ ...options });
      const id = await resolveId(client, 'acc', account);
      const path = `/v1/accounts/${id}/reviewers`;
      const proposal = await client.create<ReviewersStatementAnswer>(path, {
        reviewers: readTextFile(options.file, '--file'),
        approvals: options.approvals,
        policy: { templates: options.policy, inputs: options.waitsFor },
      });
      if (options.output !== undefined) await writeOutput(options.output, proposal.text);
      printResult(proposal, options, formatReviewers);
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, [
    'culvert reviewers propose globex --file reviewers --policy minor --output statement.json',
    'culvert reviewers propose globex --file reviewers --approvals 2 --policy any-byte',
  ]);
}
