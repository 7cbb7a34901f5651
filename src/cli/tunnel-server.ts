import type { Command } from 'commander';
import { keepHeapSmall, startAgent } from '../agent/index.ts';
import { readSecretFile, readSettings, type SettingName } from '../settings.ts';
import { aborted } from './aborted.ts';
import type { Boundary } from './boundary.ts';
import { addExamples } from './examples.ts';
import { createLog } from './log.ts';
import { addSettings } from './setting-options.ts';

const NAMES = [
  'controlPlane',
  'state',
  'joinToken',
  'joinTokenFile',
  'listenAddress',
  'login',
  'sshd',
  'logLevel',
] as const satisfies SettingName[];

/** `culvert tunnel-server`: the agent beside sshd. When it ends, live tunnels stay. */
export function addTunnelServer(program: Command, boundary: Boundary): void {
  const command = program
    .command('tunnel-server')
    .description('run the agent of a tunnel server, and its sshd')
    .action((options: Record<string, unknown>) => runAgent(options, boundary));
  addSettings(command, NAMES);
  addExamples(command, [
    'culvert tunnel-server --control-plane https://culvert.example --join-token-file /root/join',
    'culvert tunnel-server --control-plane https://culvert.example',
  ]);
}

async function runAgent(options: Record<string, unknown>, boundary: Boundary): Promise<void> {
  keepHeapSmall();
  const settings = readSettings(NAMES, options);
  const stop = boundary.stopSignal();
  const joinToken = settings.joinTokenFile
    ? readSecretFile('CULVERT_JOIN_TOKEN_FILE', settings.joinTokenFile)
    : settings.joinToken;
  const agent = await startAgent({
    controlPlane: settings.controlPlane,
    stateFolder: settings.state,
    ...(joinToken !== undefined && { joinToken }),
    listenAddress: settings.listenAddress,
    ...(settings.sshd !== undefined && { sshdPath: settings.sshd }),
    loginUser: settings.login,
    log: createLog(settings.logLevel),
  });
  try {
    await Promise.race([agent.ready, aborted(stop)]);
    await aborted(stop);
  } finally {
    await agent.stop({ endSessions: false });
  }
}
