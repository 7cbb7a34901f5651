import { AGENT_PROTOCOL, type JoinAnswer, JoinAnswerSchema } from '../domain/agent-protocol.ts';
import { Problem } from '../domain/problem.ts';
import { join } from './control-plane.ts';
import type { Host } from './host.ts';
import { ensureHostKeys, readHostKeys } from './host-keys.ts';
import { persist } from './persist.ts';
import type { AgentSettings } from './settings.ts';
import type { StateFolder } from './state-folder.ts';
import { readJson } from './system/read-json.ts';
import { writeAtomically } from './system/write-atomically.ts';

/**
 * What the agent is in its region, its credential included: from the state folder, or by joining
 * with the token, which works once. Throws the control plane's refusal.
 */
export async function ensureMembership(
  { controlPlane, joinToken, log }: AgentSettings,
  host: Host,
  folder: StateFolder,
  signal: AbortSignal,
): Promise<JoinAnswer> {
  const host_keys = await (host.sshdFolder ? readHostKeys : ensureHostKeys)(folder);
  const known = await readJson(folder.membership, JoinAnswerSchema);
  if (known) return known;
  if (joinToken === undefined) {
    throw new Problem('token-missing', 'this tunnel server has not joined a region yet', {
      next: 'Start it once with the join token that came with the tunnel server.',
    });
  }
  const request = {
    join_token: joinToken,
    host_keys,
    mode: host.mode,
    login: host.login.name,
    openssh: host.sshd.version,
    protocol: AGENT_PROTOCOL,
  } as const;
  const answer = await persist('joining the region', () => join(controlPlane, request, signal), {
    signal,
    log,
  });
  await writeAtomically(folder.membership, JSON.stringify(answer), { durable: true });
  log.info({ server: answer.server, region: answer.region.slug }, 'joined the region');
  return answer;
}
