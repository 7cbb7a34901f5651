import { Problem } from '../../domain/problem.ts';
import type { TunnelServer } from '../../domain/region.ts';
import { parseToken, secretMatches } from '../../domain/token.ts';
import { findServerByCredentialId, type Store } from '../../store/index.ts';

/** The tunnel server whose agent calls. Throws `token-missing` or `token-unknown`. */
export async function authenticateAgent(store: Store, token: string): Promise<TunnelServer> {
  if (token === '') {
    throw new Problem('token-missing', 'this route needs an agent’s credential', {
      field: 'authorization',
      next: 'Join first, and send the credential as Authorization: Bearer cvg_….',
    });
  }
  const parsed = parseToken('agent', token);
  const found = parsed && (await findServerByCredentialId(store.db, parsed.id));
  if (!found || !secretMatches(parsed.secret, found.hash)) {
    throw new Problem('token-unknown', 'this agent’s credential is not valid', {
      field: 'authorization',
      next: 'Remove membership.json, and start the agent with a token of culvert region join-token.',
    });
  }
  const { hash: _, ...server } = found;
  return server;
}
