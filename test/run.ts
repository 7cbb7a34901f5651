import { resolve } from 'node:path';
import { chdir, env, exit, stderr, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { rememberAccounts } from './support/run/accounts.ts';
import { reportFile, reportRun } from './support/run/report.ts';
import { runFiles } from './support/run/run-files.ts';
import { setUp } from './support/run/set-up.ts';
import { TIERS } from './support/run/tiers.ts';

/**
 * `node test/run.ts [tier…]`: sets up what the tests need and runs them, all tiers when none is named.
 * Exit code 0 only when at least one test ran and none failed; the last line is always the count.
 */
const OLDEST_NODE = 24;

const started = Date.now();
chdir(fileURLToPath(new URL('..', import.meta.url)));
const names = process.argv.slice(2);
const unknown = names.find((name) => TIERS.every((tier) => tier.name !== name));
if (unknown !== undefined) {
  refuse(`There is no tier ${unknown}; there are ${TIERS.map(({ name }) => name).join(', ')}.`);
}
if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  refuse(
    `This is Node ${process.version}; Culvert needs ${OLDEST_NODE}. Run npm ci, then npm test.`,
  );
}
const tiers = TIERS.filter(({ name }) => names.length === 0 || names.includes(name));
// What Node has compiled for one file is there for the next: a fifth of the time of short ones.
env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/node');
await setUp(tiers).catch((error: Error) => refuse(error.message));

const removeAddedAccounts = rememberAccounts();
const outcomes = await runFiles(tiers, (outcome) => stdout.write(reportFile(outcome)));
removeAddedAccounts();
stdout.write(reportRun(outcomes, Date.now() - started));
const tests = outcomes.flatMap((outcome) => outcome.tests);
process.exitCode = tests.length > 0 && tests.every(({ passed }) => passed) ? 0 : 1;

function refuse(reason: string): never {
  stderr.write(`${reason}\n`);
  stdout.write('0 passed, 0 failed\n');
  exit(2);
}
