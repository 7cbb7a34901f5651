import { setTimeout as sleep } from 'node:timers/promises';
import { enrolStatement } from '../../../src/domain/proof.ts';
import { parseToken } from '../../../src/domain/token.ts';
import { AgentHost, MODES } from '../../agent/support/agent-host.ts';
import { FIRST_PORT, LAST_PORT } from '../../agent/support/tunnel-port.ts';
import { type KeyPair, makeKey, prove } from '../../server/support/ssh-keys.ts';
import { freePort } from '../../support/free-port.ts';
import type { Answer, Call } from './balancer.ts';
import { type Cluster, newTunnel, startCluster } from './cluster.ts';
import { type KeptTunnel, keepTunnel } from './kept-tunnel.ts';

const DONE_WITHIN_MS = 60_000;
const PAUSE_MS = 100;

/** A control plane on a store, and a tunnel server with a real agent and sshd. */
export interface VendorSide extends AsyncDisposable {
  cluster: Cluster;
  agent: AgentHost;
  /** Starts the agent, the first time and again; ready once its first report has arrived. */
  startAgent(): Promise<void>;
  /** Makes a tunnel with an enrolment token, and a key pair that is not enrolled yet. */
  makeTunnel(name: string): Promise<Tunnel>;
  /** Enrols the tunnel's key, however long that takes. */
  enrol(tunnel: Tunnel): Promise<void>;
  /** Removes the tunnel's key, however long that takes. */
  revoke(tunnel: Tunnel): Promise<void>;
  /** Keeps the tunnel up, to a port of this machine, until it is ended or all is. */
  keep(tunnel: Tunnel, databasePort: number): KeptTunnel;
}

/** A tunnel with one slot, and the key pair of its proxy. */
export interface Tunnel {
  name: string;
  id: string;
  port: number;
  token: string;
  key: KeyPair;
}

export async function startVendorSide(store: string): Promise<VendorSide> {
  const cluster = await startCluster({ stores: [store] });
  const [instance] = cluster.instances;
  const [mode] = MODES;
  if (!instance || !mode) throw new Error('an instance and a mode are needed');
  const agent = new AgentHost(mode);
  const sshPort = await freePort();
  const region = await cluster.api('POST', '/v1/regions', {
    slug: 'here',
    name: 'Here',
    login: agent.login,
    port: sshPort,
    first_tunnel_port: FIRST_PORT,
    last_tunnel_port: LAST_PORT,
  });
  const server = { host: 'here.example', aliases: [] };
  const { join_token } = await cluster.api('POST', `/v1/regions/${region.id}/servers`, server);
  const account = await cluster.api('POST', '/v1/accounts', { slug: 'customer', name: 'Customer' });
  const place = { region: region.id, account: account.id, server: '', credential: '' };
  const { adminToken } = cluster;
  const allKept: KeptTunnel[] = [];
  return {
    cluster,
    agent,
    startAgent: () => agent.start(instance.url, { joinToken: join_token }),
    async makeTunnel(name) {
      const body = { ...newTunnel(place, name), issue_token: true };
      const { id, token, slots } = await cluster.api('POST', '/v1/tunnels', body);
      return { name, id, port: slots[0].tunnel_port, token, key: makeKey() };
    },
    async enrol({ id, token, key }) {
      const statement = enrolStatement(id, 1, parseToken('enrolment', token)?.id ?? '');
      const body = {
        slot: 1,
        public_key: key.publicKey,
        proof: prove(statement, key),
        render: 'a'.repeat(64),
        platform: 'linux',
      };
      await insist(cluster, { method: 'POST', path: `/t/${id}/v1/enrol`, token, body });
    },
    async revoke({ id, key }) {
      const path = `/v1/tunnels/${id}/keys/${key.fingerprint}`;
      await insist(cluster, { method: 'DELETE', path, token: adminToken }, [404]);
    },
    keep({ port, key }, databasePort) {
      const { login } = agent;
      const proxy = { identity: key.file, login, sshPort, tunnelPort: port, databasePort };
      const kept = keepTunnel(proxy);
      allKept.push(kept);
      return kept;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(allKept.map((kept) => kept.end()));
      await agent.remove();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** Makes a call again until it is answered well, or says that an earlier one did it. */
async function insist({ call }: Cluster, what: Call, done: number[] = []): Promise<Answer> {
  for (const end = Date.now() + DONE_WITHIN_MS; ; await sleep(PAUSE_MS)) {
    const answer = await call(what).catch(() => undefined);
    const status = answer?.status ?? 0;
    if (answer && (status < 300 || done.includes(status))) return answer;
    if (Date.now() > end || (status >= 300 && status < 500)) {
      throw new Error(`${what.path}: ${JSON.stringify(answer)}`);
    }
  }
}
