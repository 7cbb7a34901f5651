import { PROBES } from './probes.ts';
import { OTHER_PROTOCOL, type ProbeRequest, type ProbeResult } from './result.ts';

/*
 * The process that talks to databases: it reads what hosts of customers send, so it knows no secret,
 * has no environment, and gives up root. The agent starts it, and it ends with the agent.
 */

/** nobody and its group, on Debian and RHEL. */
const NOBODY = 65534;

if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
// Ctrl-C is for the agent.
process.on('SIGINT', () => {});

process.on('message', async ({ id, type, host, port }: ProbeRequest) => {
  // One reply that a probe stumbles over must not cost all the others their process.
  const result = await PROBES[type](host, port).catch((): ProbeResult => OTHER_PROTOCOL);
  if (process.connected) process.send?.({ id, ...result });
});
