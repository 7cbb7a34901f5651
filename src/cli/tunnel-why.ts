import type { Command } from 'commander';
import { databaseAddress } from '../domain/database.ts';
import { type Explanation, explainSlot } from '../domain/explain-slot.ts';
import { opensshFingerprint } from '../domain/public-key.ts';
import type { TunnelServer } from '../domain/region.ts';
import { type ApiClient, CLIENT_SETTINGS, clientOf } from './api-client.ts';
import { addExamples } from './examples.ts';
import { printResult } from './print.ts';
import { resolveId } from './resolve-id.ts';
import { addSettings } from './setting-options.ts';
import { formatRecord, formatTime } from './table.ts';
import type { SlotAnswer, TunnelAnswer } from './tunnel-answer.ts';

interface KeyAnswer {
  fingerprint: string;
  slot: number;
  state: string;
  platform: string;
  created_at: number;
}

interface TokenAnswer {
  slot: number;
  expires_at: number;
  uses: number;
  max_uses: number;
  revoked_at: number | null;
}

/** One tunnel's whole story. */
interface Story {
  tunnel: TunnelAnswer;
  /** By the host's id. */
  servers: Record<string, string>;
  keys: KeyAnswer[];
  tokens: TokenAnswer[];
  explanations: (Explanation & { slot: number })[];
}

/** `culvert tunnel why`: what is wrong with a tunnel, and what to do, on one screen. */
export function addWhy(tunnel: Command): void {
  const command = tunnel
    .command('why <tunnel>')
    .description('tell all that is known of a tunnel, why it is as it is, and what to do')
    .option('--json', 'print it as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const client = clientOf(options);
      const story = await readStory(client, await resolveId(client, 'tun', name));
      printResult(story, options, (told) => formatStory(told, Date.now() / 1000));
    });
  addSettings(command, CLIENT_SETTINGS);
  addExamples(command, ['culvert tunnel why acme-crm']);
}

async function readStory(client: ApiClient, id: string): Promise<Story> {
  const tunnel = await client.get<TunnelAnswer>(`/v1/tunnels/${id}`);
  const [keys, tokens, servers] = await Promise.all([
    client.list<KeyAnswer>(`/v1/tunnels/${id}/keys`),
    client.list<TokenAnswer>(`/v1/tunnels/${id}/tokens`),
    client.list<TunnelServer>(`/v1/regions/${tunnel.region}/servers`),
  ]);
  const explanations = tunnel.slots.flatMap(({ slot, status }) =>
    status ? [{ slot, ...explainSlot(status) }] : [],
  );
  const hosts = Object.fromEntries(servers.map((server) => [server.id, server.host]));
  return { tunnel, servers: hosts, keys, tokens, explanations };
}

function formatStory(story: Story, now: number): string {
  const { tunnel, explanations } = story;
  const { slug, name, database } = tunnel;
  const heading = `${slug}: ${name}\n${database.type} at ${databaseAddress(database)}\n`;
  return [
    heading,
    ...tunnel.slots.map((slot) => formatSlot(slot, story, now)),
    ...explanations.map(({ slot, why, next }) => {
      const about = tunnel.slots.length === 1 ? '' : `Slot ${slot}: `;
      return `\n${about}${why}\n${next}\n`;
    }),
  ].join('');
}

function formatSlot(
  { slot, host, tunnel_port, server, status }: SlotAnswer,
  { servers, keys, tokens, tunnel }: Story,
  now: number,
): string {
  const key = keys.findLast((each) => each.slot === slot && each.state !== 'removed');
  const open = tokens.filter(
    (token) =>
      token.slot === slot &&
      token.revoked_at === null &&
      token.expires_at > now &&
      token.uses < token.max_uses,
  );
  const waiting = tunnel.installers?.find((each) => each.slot === slot);
  const record = formatRecord({
    'connect to': `${host}:${tunnel_port} on ${servers[server] ?? server}`,
    agent: status && ago(status.agent_at, now, 'reported'),
    key:
      key &&
      `${key.state}, ${key.platform}, since ${formatTime(key.created_at)}, ${opensshFingerprint(key.fingerprint)}`,
    session: status && [status.session, since(status.session_since)].join(''),
    database: status && `${status.database}${ago(status.database_at, now, ', probed')}`,
    'open tokens': open.length === 0 ? undefined : open.length,
    'waits for reviewers': waiting?.waiting ? waiting.reasons.join('; ') : undefined,
  });
  return `\nSlot ${slot}\n${record.replace(/^/gm, '  ').trimEnd()}\n`;
}

function since(seconds: number): string {
  return seconds === 0 ? '' : ` since ${formatTime(seconds)}`;
}

function ago(seconds: number, now: number, what: string): string {
  return seconds === 0 ? '' : `${what} ${Math.max(0, Math.round(now - seconds))} s ago`;
}
