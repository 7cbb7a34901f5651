import { prepareHost } from './host.ts';
import type { AgentSettings } from './settings.ts';
import { becomeSoleAgent, resign } from './sole-agent.ts';
import { openStateFolder } from './state-folder.ts';
import { removeTraces, startTunnelServer } from './tunnel-server.ts';

export interface Agent {
  /** Joined, sshd listens, the first full report has arrived. Rejects with the problem that bars it. */
  ready: Promise<void>;
  /**
   * Stops the agent. sshd and its sessions stay, as when the agent dies, unless they are to end too.
   */
  stop(options: { endSessions: boolean }): Promise<void>;
}

/**
 * Makes this machine a tunnel server: joins its region, runs sshd, keeps its keys in step, reports
 * sessions and databases. Throws a problem when sshd is missing, or the account or folder is wrong.
 */
export async function startAgent(settings: AgentSettings): Promise<Agent> {
  const host = await prepareHost(settings);
  const folder = await openStateFolder(settings.stateFolder, host);
  await becomeSoleAgent(folder);
  const stopping = new AbortController();
  const { signal } = stopping;
  const first = Promise.withResolvers<void>();
  // Its rejection belongs to whoever waits for `ready`, and may come before anybody does.
  first.promise.catch(() => {});
  const starting = startTunnelServer(settings, host, folder, signal);
  const done = starting
    .then((server) => server.run(first.resolve))
    .then(() => first.reject(signal.reason), first.reject);
  return {
    ready: first.promise,
    async stop({ endSessions }) {
      stopping.abort();
      await done;
      const server = await starting.catch(() => undefined);
      // It may have got so far that it left something outside its folder.
      if (endSessions) await (server ? server.end() : removeTraces(folder));
      await resign(folder);
    },
  };
}
