import type { Command } from 'commander';
import { addPropose } from './propose.ts';
import { addShow } from './show.ts';

/** `culvert reviewers`: who reviews installers for an account. */
export function addReviewers(program: Command): void {
  const reviewers = program
    .command('reviewers')
    .description('who reviews installers for an account, and what waits for them');
  addPropose(reviewers);
  addShow(reviewers);
}
