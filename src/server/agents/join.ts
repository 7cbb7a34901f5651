import type { JoinAnswer, JoinRequest } from '../../domain/agent-protocol.ts';
import { Problem } from '../../domain/problem.ts';
import { parsePublicKey } from '../../domain/public-key.ts';
import type { Region, TunnelServer } from '../../domain/region.ts';
import { mintToken, parseToken, secretMatches } from '../../domain/token.ts';
import { findServerByJoinTokenId, getRegion, joinTunnelServer } from '../../store/index.ts';
import { changeAndWake, type Services } from '../services.ts';

/**
 * Lets a tunnel server's agent in, once. Throws `token-unknown`, `token-spent`, `login-differs`, and
 * the problems of a malformed host key.
 */
export async function join(
  services: Services,
  request: JoinRequest,
  from: string,
): Promise<JoinAnswer> {
  const { server, region } = await findInvited(services, request.join_token);
  checkLogin(region, request.login);
  const hostKeys = checkHostKeys(request.host_keys);
  const credential = mintToken('agent');
  await changeAndWake(services, [region.id], async (trx, at) => {
    const { mode, openssh } = request;
    await joinTunnelServer(trx, server.id, { host_keys: hostKeys, mode, openssh, credential }, at);
    const event = {
      action: 'server.joined',
      actor: `agent:${server.id}`,
      subject: server.id,
      from,
      before: { host_keys: server.host_keys },
      after: { host_keys: hostKeys, mode, openssh },
      data: { region: region.id, host: server.host },
    };
    return { result: undefined, events: [event] };
  });
  const { id, slug, login, port, first_tunnel_port, last_tunnel_port, bind_address } = region;
  return {
    server: server.id,
    region: { id, slug, login, port, first_tunnel_port, last_tunnel_port, bind_address },
    credential: credential.token,
  };
}

async function findInvited(
  { store }: Services,
  joinToken: string,
): Promise<{ server: TunnelServer; region: Region }> {
  const parsed = parseToken('join', joinToken);
  const server = parsed && (await findServerByJoinTokenId(store.db, parsed.id));
  if (!server || !secretMatches(parsed.secret, server.hash)) {
    throw new Problem('token-unknown', 'this join token is not valid', {
      field: 'join_token',
      next: 'Add the tunnel server to its region and use the token that this prints.',
    });
  }
  const region = await getRegion(store.db, server.region_id);
  if (!region) throw new Error('a tunnel server without its region');
  return { server, region };
}

/** Every installer of the region says this login name: a server with another could serve nobody. */
function checkLogin(region: Region, login: string): void {
  if (login === region.login) return;
  throw new Problem('login-differs', `tunnels of this region log in as ${region.login}`, {
    field: 'login',
    next: `Run the agent's sshd for the user ${region.login}, or make a region for ${login}.`,
  });
}

function checkHostKeys({ active, spare }: JoinRequest['host_keys']): JoinRequest['host_keys'] {
  parsePublicKey(active, 'host_keys.active');
  parsePublicKey(spare, 'host_keys.spare');
  if (active !== spare) return { active, spare };
  throw new Problem('value-invalid', 'host_keys.spare: must be another key than the active one', {
    field: 'host_keys.spare',
    next: 'Make a second host key.',
  });
}
