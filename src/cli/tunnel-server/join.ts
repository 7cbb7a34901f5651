import type { Command } from 'commander';
import { joinRegion } from '../../agent/index.ts';
import { Problem } from '../../domain/problem.ts';
import type { Boundary } from '../boundary.ts';
import { addExamples } from '../examples.ts';
import { printResult } from '../print.ts';
import { addSettings } from '../setting-options.ts';
import { formatRecord } from '../table.ts';
import { AGENT_SETTINGS, readAgentSettings } from './agent-settings.ts';

const PATIENCE_MS = 60_000;

/** `culvert tunnel-server join`: the one step that needs the join token. */
export function addJoin(tunnelServer: Command, boundary: Boundary): void {
  const command = tunnelServer
    .command('join')
    .description('join the region with the join token, and do nothing else')
    .option('--json', 'print region and server as JSON')
    .action((options: Record<string, unknown>) => join(options, boundary));
  addSettings(command, AGENT_SETTINGS);
  addExamples(command, [
    'culvert tunnel-server join --control-plane https://culvert.example --join-token-file /root/join',
  ]);
}

async function join(
  options: Record<string, unknown> & { json?: true },
  boundary: Boundary,
): Promise<void> {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([boundary.stopSignal(), timeout]);
  const settings = readAgentSettings(options);
  const { server, region } = await joinRegion(settings, signal).catch((error) => {
    if (!timeout.aborted) throw error;
    throw new Problem('unavailable', `${settings.controlPlane} did not answer within a minute`, {
      next: 'See that the control plane runs and that this host reaches it.',
    });
  });
  printResult({ server, region: region.slug }, options, (joined) => formatRecord(joined));
}
