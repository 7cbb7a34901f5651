import type { Kysely } from 'kysely';
import { Problem } from '../../domain/problem.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { getTunnel, type Tables } from '../../store/index.ts';
import { type ApiCaller, reachesAccount } from '../api-caller.ts';

/** A tunnel that the caller may see. Another account's is as unknown as one that never was. */
export async function findOwnTunnel(
  db: Kysely<Tables>,
  caller: ApiCaller,
  id: string,
): Promise<Tunnel> {
  const tunnel = await getTunnel(db, id);
  if (tunnel && reachesAccount(caller, tunnel.account_id)) return tunnel;
  throw new Problem('not-found', 'there is no such tunnel', {
    next: 'List the tunnels to find its id.',
  });
}
