import { readFile, rm, writeFile } from 'node:fs/promises';
import type { TunnelServer } from '../../domain/region.ts';
import type { ApiClient } from '../api-client.ts';

/** Names of this machine; the second one is for a start that was cut short before its agent could join. */
const HOSTS = ['127.0.0.1', 'localhost'];

/** The token that the agent joins with, kept in a file until it has joined. */
export interface JoinToken {
  /** Undefined when the region's server has joined already. */
  token: string | undefined;
  /** To be called once the agent has joined. */
  forget(): Promise<void>;
}

/** Adds this machine to the region, unless that was done before. */
export async function ensureJoinToken(
  client: ApiClient,
  region: string,
  file: string,
): Promise<JoinToken> {
  const forget = () => rm(file, { force: true });
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept !== '') return { token: kept.trim(), forget };
  const path = `/v1/regions/${region}/servers`;
  const servers = await client.list<TunnelServer>(path);
  if (servers.some((server) => server.host_keys !== null)) return { token: undefined, forget };
  const host = HOSTS.find((name) => servers.every((server) => server.host !== name)) ?? '127.0.0.1';
  const added = await client.create<{ join_token: string }>(path, { host, aliases: [] });
  await writeFile(file, `${added.join_token}\n`, { mode: 0o600 });
  return { token: added.join_token, forget };
}
