import { probePostgresql } from './postgresql.ts';
import type { ProbeRequest, ProbeResult } from './result.ts';
import { probeTcp } from './tcp.ts';

/*
 * The process that talks to databases: it reads what hosts of customers send, so it knows no secret,
 * has no environment, and gives up root. The agent starts it, and it ends with the agent.
 */

const PROBES = { postgresql: probePostgresql, tcp: probeTcp };
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
  const result: ProbeResult = await PROBES[type](host, port);
  if (process.connected) process.send?.({ id, ...result });
});
