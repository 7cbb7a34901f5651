import type { Command } from 'commander';
import { keepHeapSmall, startAgent } from '../../agent/index.ts';
import { aborted } from '../aborted.ts';
import type { Boundary } from '../boundary.ts';
import { addExamples } from '../examples.ts';
import { addSettings } from '../setting-options.ts';
import { AGENT_SETTINGS, readAgentSettings } from './agent-settings.ts';
import { addInstallScript } from './install-script.ts';
import { addJoin } from './join.ts';

/** `culvert tunnel-server`: the agent beside sshd. When it ends, live tunnels stay. */
export function addTunnelServer(program: Command, boundary: Boundary): void {
  const command = program
    .command('tunnel-server')
    .enablePositionalOptions()
    .description('run the agent of a tunnel server, and its sshd')
    .action((options: Record<string, unknown>) => runAgent(options, boundary));
  addSettings(command, AGENT_SETTINGS);
  addExamples(command, [
    'culvert tunnel-server --control-plane https://culvert.example --join-token-file /root/join',
    'culvert tunnel-server --control-plane https://culvert.example',
  ]);
  addInstallScript(command);
  addJoin(command, boundary);
}

async function runAgent(options: Record<string, unknown>, boundary: Boundary): Promise<void> {
  keepHeapSmall();
  const settings = readAgentSettings(options);
  const stop = boundary.stopSignal();
  const agent = await startAgent(settings);
  try {
    await Promise.race([agent.ready, aborted(stop)]);
    await aborted(stop);
  } finally {
    await agent.stop({ endSessions: false });
  }
}
