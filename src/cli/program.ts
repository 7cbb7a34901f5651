import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAccount } from './account.ts';
import { addApiToken } from './api-token.ts';
import { addAudit } from './audit/index.ts';
import type { Boundary } from './boundary.ts';
import { addBundle } from './bundle.ts';
import { addDiff } from './diff.ts';
import { addExamples } from './examples.ts';
import { addKey } from './key.ts';
import { addMigrate } from './migrate.ts';
import { addQuickstart } from './quickstart/index.ts';
import { addRegion } from './region.ts';
import { addRender } from './render.ts';
import { addReviewers } from './reviewers/index.ts';
import { addServe } from './serve.ts';
import { addSigningKey } from './signing-key.ts';
import { addSlot } from './slot.ts';
import { addStatement } from './statement.ts';
import { addToken } from './token.ts';
import { addTunnel } from './tunnel.ts';
import { addTunnelServer } from './tunnel-server/index.ts';
import { addVerify } from './verify.ts';

/** The whole command line. Commander's own endings (help, wrong usage) come as a CommanderError. */
export function buildProgram(boundary: Boundary): Command {
  const program = new Command('culvert')
    .description("reach customers' private databases over outbound SSH tunnels")
    .version(version())
    // A command and those below it may have options of the same name: each takes what follows its own.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(add --help for help)');
  addQuickstart(program, boundary);
  addServe(program, boundary);
  addTunnelServer(program, boundary);
  addMigrate(program);
  addApiToken(program);
  addRegion(program);
  addAccount(program);
  addReviewers(program);
  addTunnel(program);
  addSlot(program);
  addToken(program);
  addKey(program);
  addRender(program);
  addBundle(program);
  addSigningKey(program);
  addVerify(program);
  addStatement(program);
  addAudit(program);
  addDiff(program);
  return addExamples(program, [
    'culvert quickstart             everything on this machine, to try it',
    'culvert tunnel list            which tunnels there are',
    'culvert region create --help   help on any command',
  ]);
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
