import type { AgentSettings } from '../../agent/index.ts';
import { readSecretFile, readSettings, type SettingName } from '../../settings.ts';
import { createLog } from '../log.ts';

/** The settings of an agent. */
export const AGENT_SETTINGS = [
  'controlPlane',
  'state',
  'joinToken',
  'joinTokenFile',
  'listenAddress',
  'login',
  'sshd',
  'sshdFolder',
  'logLevel',
] as const satisfies SettingName[];

/** What flags and environment tell the agent. Throws a Problem that names the one at fault. */
export function readAgentSettings(flags: Record<string, unknown>): AgentSettings {
  const settings = readSettings(AGENT_SETTINGS, flags);
  const joinToken = settings.joinTokenFile
    ? readSecretFile('CULVERT_JOIN_TOKEN_FILE', settings.joinTokenFile)
    : settings.joinToken;
  return {
    controlPlane: settings.controlPlane,
    stateFolder: settings.state,
    ...(joinToken !== undefined && { joinToken }),
    listenAddress: settings.listenAddress,
    ...(settings.sshd !== undefined && { sshdPath: settings.sshd }),
    ...(settings.sshdFolder !== undefined && { sshdFolder: settings.sshdFolder }),
    loginUser: settings.login,
    log: createLog(settings.logLevel),
  };
}
