import type { Kysely, Selectable, Transaction } from 'kysely';
import type { JoinRequest } from '../domain/agent-protocol.ts';
import { newId } from '../domain/id.ts';
import { Problem } from '../domain/problem.ts';
import type { HostKeys, TunnelServer, TunnelServerInput } from '../domain/region.ts';
import type { Hashed } from './hashed.ts';
import type { Tables, TunnelServerTable } from './tables.ts';

/** What a tunnel server's agent brings along when it joins, and the credential it is given. */
export interface JoinDetails {
  host_keys: HostKeys;
  mode: JoinRequest['mode'];
  openssh: string;
  credential: { id: string; hash: string };
}

/** Adds a tunnel server that waits for its agent. Throws `exists` when the region has that host. */
export async function insertTunnelServer(
  trx: Transaction<Tables>,
  regionId: string,
  input: TunnelServerInput,
  joinToken: { id: string; hash: string },
  now: number,
): Promise<TunnelServer> {
  const row = await trx
    .insertInto('tunnel_server')
    .values({
      id: newId('srv'),
      region_id: regionId,
      host: input.host,
      aliases: JSON.stringify(input.aliases),
      join_token_id: joinToken.id,
      join_token_hash: joinToken.hash,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['region_id', 'host']).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new Problem('exists', `the region has a tunnel server ${input.host} already`, {
      field: 'host',
      next: 'Give the host name of another machine.',
    });
  }
  return toTunnelServer(row);
}

/**
 * Gives a server another join token in place of the last. An agent that brings the same host keys
 * may join with it until one has reported: so a token is of no use where the agent still works.
 * Throws `not-found` when the region has no such server.
 */
export async function renewJoinToken(
  trx: Transaction<Tables>,
  regionId: string,
  id: string,
  joinToken: { id: string; hash: string },
): Promise<TunnelServer> {
  const row = await trx
    .updateTable('tunnel_server')
    .set({ join_token_id: joinToken.id, join_token_hash: joinToken.hash, reported_at: null })
    .where('id', '=', id)
    .where('region_id', '=', regionId)
    .returningAll()
    .executeTakeFirst();
  if (row) return toTunnelServer(row);
  throw new Problem('not-found', 'the region has no such tunnel server', {
    field: 'server',
    next: 'List the tunnel servers of the region to find its id.',
  });
}

export async function getTunnelServer(
  db: Kysely<Tables>,
  id: string,
): Promise<TunnelServer | undefined> {
  const row = await db
    .selectFrom('tunnel_server')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && toTunnelServer(row);
}

/** The tunnel servers of a region in the order in which they were added. */
export async function listTunnelServers(
  db: Kysely<Tables>,
  regionId: string,
): Promise<TunnelServer[]> {
  const rows = await db
    .selectFrom('tunnel_server')
    .selectAll()
    .where('region_id', '=', regionId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(toTunnelServer);
}

/** The server that a join token was made for, joined or not, with the hash of the token's secret. */
export async function findServerByJoinTokenId(
  db: Kysely<Tables>,
  tokenId: string,
): Promise<Hashed<TunnelServer> | undefined> {
  const row = await db
    .selectFrom('tunnel_server')
    .selectAll()
    .where('join_token_id', '=', tokenId)
    .executeTakeFirst();
  return row && { ...toTunnelServer(row), hash: row.join_token_hash };
}

/** The server whose agent holds a credential, with the hash of the credential's secret. */
export async function findServerByCredentialId(
  db: Kysely<Tables>,
  credentialId: string,
): Promise<Hashed<TunnelServer> | undefined> {
  const row = await db
    .selectFrom('tunnel_server')
    .selectAll()
    .where('credential_id', '=', credentialId)
    .executeTakeFirst();
  return row && { ...toTunnelServer(row), hash: row.credential_hash as string };
}

/**
 * Spends the server's join token and keeps what its agent brought. Until that agent has reported,
 * it may join again with the same host keys: its answer may have been lost on the way. Otherwise
 * throws `token-spent`.
 */
export async function joinTunnelServer(
  trx: Transaction<Tables>,
  id: string,
  { host_keys, mode, openssh, credential }: JoinDetails,
  now: number,
): Promise<TunnelServer> {
  const row = await trx
    .updateTable('tunnel_server')
    .set({
      joined_at: now,
      credential_id: credential.id,
      credential_hash: credential.hash,
      active_host_key: host_keys.active,
      spare_host_key: host_keys.spare,
      mode,
      openssh,
    })
    .where('id', '=', id)
    .where((server) =>
      server.or([
        server('joined_at', 'is', null),
        server.and({
          reported_at: null,
          active_host_key: host_keys.active,
          spare_host_key: host_keys.spare,
        }),
      ]),
    )
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new Problem('token-spent', 'this join token was used already, or with other host keys', {
      field: 'join_token',
      next: 'Get another one (culvert region join-token); the host keys must be the former ones.',
    });
  }
  return toTunnelServer(row);
}

function toTunnelServer(row: Selectable<TunnelServerTable>): TunnelServer {
  return {
    id: row.id,
    region_id: row.region_id,
    host: row.host,
    aliases: JSON.parse(row.aliases),
    host_keys:
      row.active_host_key !== null && row.spare_host_key !== null
        ? { active: row.active_host_key, spare: row.spare_host_key }
        : null,
    applied: row.applied,
    reported_at: row.reported_at,
    created_at: row.created_at,
  };
}
