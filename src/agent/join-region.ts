import type { JoinAnswer } from '../domain/agent-protocol.ts';
import { prepareHost } from './host.ts';
import { ensureMembership } from './membership.ts';
import type { AgentSettings } from './settings.ts';
import { openStateFolder } from './state-folder.ts';

/**
 * Joins the region and keeps the answer for the agent, which then needs no token; gives it from there
 * where this tunnel server has joined before. Throws the control plane's refusal, or the reason of `signal`.
 */
export async function joinRegion(
  settings: AgentSettings,
  signal: AbortSignal,
): Promise<Pick<JoinAnswer, 'server' | 'region'>> {
  const host = await prepareHost(settings);
  const folder = await openStateFolder(settings.stateFolder, host);
  const { server, region } = await ensureMembership(settings, host, folder, signal);
  return { server, region };
}
